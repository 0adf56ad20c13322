import type { Denial } from './denial.js'
import { DENIALS, type DenialCode, type DenialText } from './denials.js'
import { FORWARDING_PROBLEMS, MALFUNCTIONS } from './malfunctions.js'
import { type MalfunctionCode, PortcullisError } from './portcullis-error.js'

/** An error as the world sees it: fixed text, no internal detail. */
export interface Problem {
  /** One of the gate's, of a plugin or of an admission. */
  readonly code: ProblemCode | (string & {})
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly retryAfterSeconds?: number
  /** More headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>
  /** Value of `WWW-Authenticate`. */
  readonly challenge?: string
  /** The answer ends the connection (RFC 9112 §9.6). */
  readonly endsConnection?: true
}

export interface RenderedProblem {
  readonly contentType: string
  readonly body: string
}

/** Shapes a problem for a path that has its own convention; undefined leaves it to the next, at last RFC 9457. */
export type ProblemRenderer = (problem: Problem, path: string) => RenderedProblem | undefined

/** Where the gate explains each code; a reference relative to the gate's origin (RFC 9457 §3.1.1). */
const PROBLEM_TYPE_PREFIX = '/.well-known/portcullis/problems/'

/** Every code that an answer can carry; each is explained under its `type`. */
export type ProblemCode =
  | DenialCode
  | MalfunctionCode
  | 'internal_error'
  | 'upgrade_refused'
  | 'upstream_refused'
  | 'access_withdrawn'
  | 'admission_unavailable'
  | 'body_ambiguous'

const TEXTS = { ...DENIALS, ...MALFUNCTIONS, ...FORWARDING_PROBLEMS } satisfies Record<
  ProblemCode,
  Omit<Problem, 'code'>
>

export const PROBLEM_CODES = Object.keys(TEXTS) as readonly ProblemCode[]

/** The texts of a code that an answer can carry, one of `denials` among them; undefined of anything else. */
export function explainCode(
  code: string,
  denials: Readonly<Record<string, DenialText>> = {},
): Problem | undefined {
  const texts: Readonly<Record<string, Omit<Problem, 'code'>>> = { ...denials, ...TEXTS }
  const text = Object.hasOwn(texts, code) ? texts[code] : undefined
  return text && { ...text, code }
}

/** The problem of a denial, with its challenge (RFC 6750 §3, RFC 9110 §11.6.1). */
export function problemOfDenial({
  challengeError,
  scope,
  isGuess: _counted,
  oauthError: _oauthError,
  ...rest
}: Denial): Problem {
  const challenge = challengeFor(rest.status, challengeError, rest.detail, scope)
  return { ...rest, ...(challenge === undefined ? {} : { challenge }) }
}

/** The problem of whatever was thrown; anything unknown is `internal_error`. */
export function problemOfError(error: unknown): Problem {
  const code = error instanceof PortcullisError ? error.code : 'internal_error'
  return { code, ...MALFUNCTIONS[code] }
}

function challengeFor(
  status: number,
  error: Denial['challengeError'],
  detail: string,
  scope: string | undefined,
): string | undefined {
  if (status !== 401 && error === undefined) return undefined
  const parameters = ['realm="portcullis"']
  if (error) parameters.push(`error="${error}"`, `error_description="${detail.replace(/["\\]/g, "'")}"`)
  if (scope) parameters.push(`scope="${scope}"`)
  return `Bearer ${parameters.join(', ')}`
}

/** RFC 9457, with `error` for clients of the gateways that Portcullis replaces. */
function renderProblem({ code, status, title, detail }: Problem): RenderedProblem {
  return {
    contentType: 'application/problem+json',
    body: JSON.stringify({ type: PROBLEM_TYPE_PREFIX + code, title, status, code, detail, error: title }),
  }
}

/** Headers and body of a problem, shaped by the first renderer that knows the path. */
export function answerProblem(
  problem: Problem,
  path: string,
  renderers: readonly ProblemRenderer[] = [],
): { status: number; headers: Record<string, string>; body: string } {
  let rendered: RenderedProblem | undefined
  for (const renderer of renderers) rendered ??= renderer(problem, path)
  const { contentType, body } = rendered ?? renderProblem(problem)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(problem.headers ?? {})) headers[name.toLowerCase()] = value
  headers['content-type'] = contentType
  headers['cache-control'] = 'no-store'
  if (problem.endsConnection) headers.connection = 'close'
  if (problem.challenge) headers['www-authenticate'] = problem.challenge
  if (problem.retryAfterSeconds !== undefined) headers['retry-after'] = String(problem.retryAfterSeconds)
  return { status: problem.status, headers, body }
}
