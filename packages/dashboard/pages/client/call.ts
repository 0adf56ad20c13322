import { Failure, type FailureKind } from './failure.js'

const DEADLINE_MS = 15_000

interface CallOptions {
  /** Default: POST with a body, GET without one. */
  readonly method?: string
  /** Sent again with the same key, the call creates nothing twice. */
  readonly idempotencyKey?: string
}

/** Calls the API as JSON and answers its body; whatever goes wrong is a `Failure`. */
export async function call<Answer>(path: string, body?: object, options: CallOptions = {}): Promise<Answer> {
  const response = await send(path, body, options)
  const answer = await read(response)
  if (!response.ok) throw refused(response.status, answer)
  if (answer === undefined) throw new Failure('unexpected')
  return answer as Answer
}

async function send(
  path: string,
  body: object | undefined,
  { method = body ? 'POST' : 'GET', idempotencyKey }: CallOptions,
): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(body && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    })
  } catch {
    throw new Failure('unreachable')
  }
}

async function read(response: Response): Promise<object | undefined> {
  if (!/\bjson\b/.test(response.headers.get('content-type') ?? '')) return undefined
  try {
    const parsed: unknown = await response.json()
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined
  } catch {
    return undefined
  }
}

function refused(status: number, problem: object = {}): Failure {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  const { title, detail, code }: { title?: unknown; detail?: unknown; code?: unknown } = problem
  return new Failure(kindOf(status, text(title)), text(title), text(detail), text(code))
}

function kindOf(status: number, title: string | undefined): FailureKind {
  if (status === 401) return 'session_ended'
  if (status >= 502 && status <= 504) return 'unavailable'
  return title === undefined ? 'unexpected' : 'refused'
}
