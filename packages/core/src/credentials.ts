import { type Denial, denial, type RequestView } from './decision.js'
import { readCookies } from './sessions/cookie.js'

export type PresentedCredential =
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'session'; readonly cookieValue: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly denial: Denial }

const BEARER = /^Bearer +([^\s]+)$/i
const NONE: PresentedCredential = { kind: 'none' }

/**
 * The one credential that a request presents. A bearer credential goes before a session cookie. Two different bearer
 * credentials are refused (RFC 6750 §2: clients must not use more than one method), also two Authorization headers.
 */
export function pickCredential(view: RequestView, sessionCookie: string): PresentedCredential {
  const authorization = headerValues(view.rawHeaders, 'authorization')
  const apiKeys = headerValues(view.rawHeaders, 'x-api-key')
  if (authorization.length > 1) return refuse('credentials_ambiguous')
  const tokens = new Set(apiKeys)
  const [header] = authorization
  if (header !== undefined) {
    const token = BEARER.exec(header)?.[1]
    if (!token) return refuse('credentials_malformed')
    tokens.add(token)
  }
  if (tokens.size > 1) return refuse('credentials_ambiguous')
  for (const token of tokens)
    return token === '' ? refuse('credentials_malformed') : { kind: 'bearer', token }
  return pickSession(view, sessionCookie)
}

function pickSession(view: RequestView, sessionCookie: string): PresentedCredential {
  const values = new Set(
    headerValues(view.rawHeaders, 'cookie').flatMap((header) => readCookies(header, sessionCookie)),
  )
  if (values.size > 1) return refuse('session_invalid')
  for (const cookieValue of values) return cookieValue === '' ? NONE : { kind: 'session', cookieValue }
  return NONE
}

function refuse(code: Parameters<typeof denial>[0]): PresentedCredential {
  return { kind: 'refused', denial: denial(code) }
}

/** Every value of a header, by its lower-case name, in the order in which they came. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const candidate = rawHeaders[at]
    if (candidate?.length === name.length && candidate.toLowerCase() === name)
      values.push(rawHeaders[at + 1] ?? '')
  }
  return values
}
