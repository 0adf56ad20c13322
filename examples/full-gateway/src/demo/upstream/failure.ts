import type { z } from 'zod'

export type FailureKind =
  | 'invalid'
  | 'unauthenticated'
  | 'unknown-model'
  | 'unknown-path'
  | 'wrong-method'
  | 'too-large'
  | 'rate-limited'
  | 'overloaded'
  | 'internal'

/** A request that an API answers with an error, before it is known in which API's words. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  constructor(
    readonly kind: FailureKind,
    message: string,
    /** The field at fault. */
    readonly field?: string,
  ) {
    super(message)
  }
}

export interface RenderedFailure {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

const ANTHROPIC: Record<FailureKind, readonly [number, string]> = {
  invalid: [400, 'invalid_request_error'],
  unauthenticated: [401, 'authentication_error'],
  'unknown-model': [404, 'not_found_error'],
  'unknown-path': [404, 'not_found_error'],
  'wrong-method': [405, 'invalid_request_error'],
  'too-large': [413, 'request_too_large'],
  'rate-limited': [429, 'rate_limit_error'],
  overloaded: [529, 'overloaded_error'],
  internal: [500, 'api_error'],
}

export function renderForAnthropic(failure: ApiFailure, requestId: string): RenderedFailure {
  const [status, type] = ANTHROPIC[failure.kind]
  const message = failure.kind === 'unknown-model' ? `model: ${failure.message}` : failure.message
  return {
    status,
    headers: retryHeaders(failure.kind),
    body: { type: 'error', error: { type, message }, request_id: requestId },
  }
}

const OPENAI: Record<FailureKind, readonly [number, string, string | null]> = {
  invalid: [400, 'invalid_request_error', null],
  unauthenticated: [401, 'invalid_request_error', 'invalid_api_key'],
  'unknown-model': [404, 'invalid_request_error', 'model_not_found'],
  'unknown-path': [404, 'invalid_request_error', 'unknown_url'],
  'wrong-method': [405, 'invalid_request_error', 'method_not_supported'],
  'too-large': [413, 'invalid_request_error', 'request_too_large'],
  'rate-limited': [429, 'requests', 'rate_limit_exceeded'],
  overloaded: [503, 'server_error', 'service_unavailable'],
  internal: [500, 'server_error', null],
}

export function renderForOpenAi(failure: ApiFailure): RenderedFailure {
  const [status, type, code] = OPENAI[failure.kind]
  const message =
    failure.kind === 'unknown-model'
      ? `The model \`${failure.message}\` does not exist or you do not have access to it.`
      : failure.message
  return {
    status,
    headers: retryHeaders(failure.kind),
    body: { error: { message, type, param: failure.field ?? null, code } },
  }
}

function retryHeaders(kind: FailureKind): Record<string, string> {
  return kind === 'rate-limited' || kind === 'overloaded' ? { 'retry-after': '1' } : {}
}

/** The body as the schema describes it. Throws `ApiFailure` that names the first field at fault. */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body, { reportInput: true })
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  const isMissing = issue?.code === 'invalid_type' && issue.input === undefined
  const message = isMissing ? 'Field required' : (issue?.message ?? 'Invalid request')
  throw new ApiFailure('invalid', field === '' ? message : `${field}: ${message}`, field)
}
