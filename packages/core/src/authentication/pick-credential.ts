import { type Denial, denial } from '../errors/denials.js'
import { headerValues } from '../request/headers.js'
import type { RequestView } from '../request/view.js'
import type { AnyCredentialKind } from './credential-kind.js'

export type PickedCredential =
  | { readonly by: 'bearer'; readonly credential: string }
  | { readonly by: 'head'; readonly kind: AnyCredentialKind; readonly credential: string }
  | { readonly by: 'none' }
  | { readonly by: 'refused'; readonly denial: Denial }

/** What bearer credentials come in. */
export const BEARER_HEADERS = ['authorization', 'x-api-key'] as const

const SCHEME = /^Bearer +/i
const NONE: PickedCredential = { by: 'none' }

/**
 * The one credential that a request presents. Two different ones are refused (RFC 6750 §2: clients must not use more than
 * one method), also two Authorization headers. A kind that yields, such as a session cookie, counts only where nothing
 * else is presented.
 */
export function pickCredential(view: RequestView, kinds: readonly AnyCredentialKind[]): PickedCredential {
  const bearer = pickBearer(view)
  if (bearer.by === 'refused') return bearer
  const head = pickFromHead(view, kinds, false)
  if (bearer.by === 'none') return head.by === 'none' ? pickFromHead(view, kinds, true) : head
  return head.by === 'head' ? refuse('credentials_ambiguous') : head.by === 'refused' ? head : bearer
}

function pickBearer(view: RequestView): PickedCredential {
  const [authorization, ...more] = headerValues(view.rawHeaders, 'authorization')
  if (more.length > 0) return refuse('credentials_ambiguous')
  const bearer = authorization === undefined ? undefined : bearerOf(authorization)
  if (authorization !== undefined && bearer === undefined) return refuse('credentials_malformed')
  const apiKeys = headerValues(view.rawHeaders, 'x-api-key')
  const credential = bearer ?? apiKeys[0]
  if (credential === undefined) return NONE
  if (apiKeys.some((apiKey) => apiKey !== credential)) return refuse('credentials_ambiguous')
  return credential === '' ? refuse('credentials_malformed') : { by: 'bearer', credential }
}

/** The token of `Bearer TOKEN`, which has no white space in it; undefined for anything else. */
export function bearerOf(authorization: string): string | undefined {
  const scheme = SCHEME.exec(authorization)
  const token = scheme ? authorization.slice(scheme[0].length) : ''
  return token === '' || token.includes(' ') || token.includes('\t') ? undefined : token
}

function pickFromHead(
  view: RequestView,
  kinds: readonly AnyCredentialKind[],
  yields: boolean,
): PickedCredential {
  let picked = NONE
  for (const kind of kinds) {
    if (!kind.pick || (kind.yields ?? false) !== yields) continue
    if (kind.headers && kind.headers.length > 0 && !hasOneOf(view.rawHeaders, kind.headers)) continue
    const found = kind.pick(view)
    if (found === undefined) continue
    if (typeof found !== 'string') return { by: 'refused', denial: found }
    if (picked !== NONE) return refuse('credentials_ambiguous')
    picked = { by: 'head', kind, credential: found }
  }
  return picked
}

function hasOneOf(rawHeaders: readonly string[], names: readonly string[]): boolean {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const sent = rawHeaders[at]
    for (const name of names) if (sent?.length === name.length && sent.toLowerCase() === name) return true
  }
  return false
}

function refuse(code: Parameters<typeof denial>[0]): PickedCredential {
  return { by: 'refused', denial: denial(code) }
}
