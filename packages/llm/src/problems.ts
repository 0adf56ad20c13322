import type { Problem, ProblemRenderer, RenderedProblem } from '@portcullis/core'

/**
 * Errors below `/v1/` in the shape of the API that was called, so that official SDKs raise their own error types:
 * Anthropic's for Messages, OpenAI's for the rest. Hand it to `createGate` as one of `problems`.
 */
export function llmProblems(): ProblemRenderer {
  return (problem, path) => {
    if (!path.startsWith('/v1/')) return undefined
    return isAnthropic(path) ? anthropicError(problem) : openAiError(problem)
  }
}

function isAnthropic(path: string): boolean {
  return /^\/v1\/(messages|complete)(\/|$)/.test(path)
}

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  405: 'invalid_request_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
}

function anthropicError({ status, detail }: Problem): RenderedProblem {
  return json({ type: 'error', error: { type: ANTHROPIC_TYPES[status] ?? 'api_error', message: detail } })
}

const OPENAI_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
}

function openAiError({ status, code, detail }: Problem): RenderedProblem {
  const type = OPENAI_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error')
  return json({ error: { message: detail, type, param: null, code } })
}

function json(body: unknown): RenderedProblem {
  return { contentType: 'application/json', body: JSON.stringify(body) }
}
