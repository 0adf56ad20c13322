import { Failure, type FailureKind } from './failure.js'

const DEADLINE_MS = 15_000

/** Calls the API as JSON and answers its body; whatever goes wrong is a `Failure`. A body makes it a POST. */
export async function call<Answer>(
  path: string,
  body?: object,
  method = body ? 'POST' : 'GET',
): Promise<Answer> {
  const response = await send(path, method, body)
  const answer = await read(response)
  if (!response.ok) throw refused(response.status, answer)
  if (answer === undefined) throw new Failure('unexpected')
  return answer as Answer
}

async function send(path: string, method: string, body?: object): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
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
  const { title, detail }: { title?: unknown; detail?: unknown } = problem
  return new Failure(kindOf(status, text(title)), text(title), text(detail))
}

function kindOf(status: number, title: string | undefined): FailureKind {
  if (status === 401) return 'session_ended'
  if (status >= 502 && status <= 504) return 'unavailable'
  return title === undefined ? 'unexpected' : 'refused'
}
