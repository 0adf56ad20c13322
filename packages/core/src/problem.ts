import { DENIALS, type Denial, type DenialCode } from './decision.js'
import { type MalfunctionCode, PortcullisError } from './errors.js'

/** An error as the world sees it: fixed text, no internal detail. */
export interface Problem {
  readonly code: ProblemCode
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly retryAfterSeconds?: number
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

interface MalfunctionText {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly retryAfterSeconds?: number
}

export const MALFUNCTIONS: Readonly<Record<MalfunctionCode | 'internal_error', MalfunctionText>> = {
  store_unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    detail:
      'The store did not answer in time. Whether a change was made is not known: look before you repeat it.',
    retryAfterSeconds: 1,
  },
  provider_unavailable: {
    status: 503,
    title: 'Login temporarily unavailable',
    detail: 'The identity provider could not be reached. Try again.',
    retryAfterSeconds: 2,
  },
  provider_misconfigured: {
    status: 500,
    title: 'Login misconfigured',
    detail:
      "The gateway's configuration for its identity provider is at fault. Tell your administrator: the gateway's log says what is wrong.",
  },
  upstream_unavailable: {
    status: 502,
    title: 'Upstream unavailable',
    detail: 'The service behind the gate could not be reached.',
  },
  upstream_timeout: {
    status: 504,
    title: 'Upstream timeout',
    detail: 'The service behind the gate did not answer in time.',
  },
  body_already_read: {
    status: 500,
    title: 'Body already read',
    detail: 'The body was consumed before it could be forwarded. Mount the gate before any body parser.',
  },
  configuration_invalid: {
    status: 500,
    title: 'Internal error',
    detail: 'The gate is not configured for this.',
  },
  internal_error: { status: 500, title: 'Internal error', detail: 'The gate could not handle the request.' },
}

/** Problems that only forwarding has. Their codes are part of the contract like all others. */
export const FORWARDING_PROBLEMS = {
  upgrade_refused: {
    code: 'upgrade_refused',
    status: 501,
    title: 'Upgrade refused',
    detail: 'The gate forwards no upgrade here; HTTP/2 over plain TCP (h2c) it ignores.',
  },
  upstream_refused: {
    code: 'upstream_refused',
    status: 502,
    title: 'Upstream refused the gate',
    detail:
      'Your credential is fine; the service behind the gate refused the gate itself. Ask an administrator.',
  },
  access_withdrawn: {
    code: 'access_withdrawn',
    status: 403,
    title: 'Access withdrawn',
    detail: 'The access of this account or credential ended while the request was running.',
  },
} as const satisfies Record<string, MalfunctionText & { code: string }>

/** Every code that an answer can carry; each is explained under its `type`. */
export type ProblemCode =
  | DenialCode
  | MalfunctionCode
  | 'internal_error'
  | 'upgrade_refused'
  | 'upstream_refused'
  | 'access_withdrawn'

const TEXTS = { ...DENIALS, ...MALFUNCTIONS, ...FORWARDING_PROBLEMS } satisfies Record<
  ProblemCode,
  Omit<Problem, 'code'>
>

export const PROBLEM_CODES = Object.keys(TEXTS) as readonly ProblemCode[]

/** The texts of a code that an answer can carry; undefined of anything else. */
export function explainCode(code: string): Problem | undefined {
  const texts: Readonly<Record<string, Omit<Problem, 'code'>>> = TEXTS
  const text = Object.hasOwn(texts, code) ? texts[code] : undefined
  return text && { ...text, code: code as ProblemCode }
}

/** The problem of a denial, with its challenge (RFC 6750 §3, RFC 9110 §11.6.1). */
export function problemOfDenial({ challengeError, scope, ...rest }: Denial): Problem {
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
  const headers: Record<string, string> = { 'content-type': contentType, 'cache-control': 'no-store' }
  if (problem.endsConnection) headers.connection = 'close'
  if (problem.challenge) headers['www-authenticate'] = problem.challenge
  if (problem.retryAfterSeconds !== undefined) headers['retry-after'] = String(problem.retryAfterSeconds)
  return { status: problem.status, headers, body }
}
