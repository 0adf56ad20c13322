import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { answerProblem, type Problem, type ProblemRenderer } from '../errors/problem.js'
import type { Connection } from '../request/connection.js'
import { endSocket } from '../request/end-socket.js'
import type { HeaderList } from './header-fields.js'

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

/** As `answer`; resolves once the client has it, or is gone. */
export function answerToEnd(
  connection: Connection,
  res: ServerResponse,
  problem: Problem,
  path: string,
  renderers: readonly ProblemRenderer[],
): Promise<void> {
  if (problem.endsConnection) connection.end()
  return new Promise((resolve) => {
    if (res.closed || connection.isGone) return resolve()
    const forget = connection.onGone(resolve)
    res.once('close', () => {
      forget()
      resolve()
    })
    answer(res, problem, path, renderers)
  })
}

/** Answers on a bare socket, which ends. */
export function refuseOnSocket(
  socket: Duplex,
  problem: Problem,
  path: string,
  renderers: readonly ProblemRenderer[],
): void {
  const { status, headers, body } = answerProblem(problem, path, renderers)
  const length = String(Buffer.byteLength(body))
  const fields = [...Object.entries(headers).flat(), 'content-length', length, 'connection', 'close']
  socket.write(writeHead(status, fields), 'latin1')
  endSocket(socket, body)
}

/** The head of an answer as bytes (RFC 9112 §4). */
export function writeHead(status: number, headers: HeaderList): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  for (let at = 0; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`
  return `${head}\r\n`
}
