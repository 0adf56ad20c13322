import { isConfidential } from '../encoding/loopback.js'

/** Whether keys may come from there: https, or http on loopback, without a user name or password. */
export function mayBeFetched(text: unknown): text is string {
  if (typeof text !== 'string' || !URL.canParse(text)) return false
  const url = new URL(text)
  if (url.username || url.password) return false
  return isConfidential(url)
}

/**
 * Where an issuer may describe itself: OpenID Connect Discovery 1.0 §4.1 appends to the issuer without a slash at its
 * end, RFC 8414 §3.1 puts its name between host and path.
 */
export function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
}
