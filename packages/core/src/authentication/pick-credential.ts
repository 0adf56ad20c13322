import { type Denial, denial } from '../errors/denials.js'
import { cookieValues } from '../request/cookies.js'
import { headerValues } from '../request/headers.js'
import type { RequestView } from '../request/view.js'

export type PresentedCredential =
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'session'; readonly cookieValue: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly denial: Denial }

const SCHEME = /^Bearer +/i
const NONE: PresentedCredential = { kind: 'none' }

/**
 * The one credential that a request presents. A bearer credential goes before a session cookie. Two different bearer
 * credentials are refused (RFC 6750 §2: clients must not use more than one method), also two Authorization headers.
 */
export function pickCredential(view: RequestView, sessionCookie: string): PresentedCredential {
  const [authorization, ...more] = headerValues(view.rawHeaders, 'authorization')
  if (more.length > 0) return refuse('credentials_ambiguous')
  const bearer = authorization === undefined ? undefined : bearerOf(authorization)
  if (authorization !== undefined && bearer === undefined) return refuse('credentials_malformed')
  const apiKeys = headerValues(view.rawHeaders, 'x-api-key')
  const token = bearer ?? apiKeys[0]
  if (token === undefined) return pickSession(view, sessionCookie)
  if (apiKeys.some((apiKey) => apiKey !== token)) return refuse('credentials_ambiguous')
  return token === '' ? refuse('credentials_malformed') : { kind: 'bearer', token }
}

/** The token of `Bearer TOKEN`, which has no white space in it; undefined for anything else. */
export function bearerOf(authorization: string): string | undefined {
  const scheme = SCHEME.exec(authorization)
  const token = scheme ? authorization.slice(scheme[0].length) : ''
  return token === '' || token.includes(' ') || token.includes('\t') ? undefined : token
}

function pickSession(view: RequestView, sessionCookie: string): PresentedCredential {
  const values = cookieValues(view, sessionCookie)
  if (values.size > 1) return refuse('session_invalid')
  for (const cookieValue of values) return cookieValue === '' ? NONE : { kind: 'session', cookieValue }
  return NONE
}

function refuse(code: Parameters<typeof denial>[0]): PresentedCredential {
  return { kind: 'refused', denial: denial(code) }
}
