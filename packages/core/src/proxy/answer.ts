import type { ServerResponse } from 'node:http'
import { answerProblem, type Problem, type ProblemRenderer } from '../errors/problem.js'

const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

/** Answers in place of the upstream. A response that somebody else has begun is broken off. */
export function answer(
  res: ServerResponse,
  problem: Problem,
  path: string,
  renderers: readonly ProblemRenderer[],
): void {
  if (res.headersSent) {
    res.destroy()
    return
  }
  const { status, headers, body } = answerProblem(problem, path, renderers)
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  // RFC 9110 §15.5.6
  if (status === 405) res.setHeader('allow', ALLOWED_METHODS)
  res.setHeader('content-length', Buffer.byteLength(body))
  res.end(body)
}
