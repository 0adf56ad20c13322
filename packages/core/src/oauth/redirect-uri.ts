import { isLoopback } from '../encoding/loopback.js'
import type { OAuthClient } from './clients.js'

/**
 * Whether a client may be answered there: exactly one of its URIs, where only the port of a loopback address is free
 * (RFC 8252 §7.3).
 */
export function mayRedirectTo({ redirectUris = [] }: OAuthClient, given: string): boolean {
  if (redirectUris.includes(given)) return true
  const url = readLoopback(given)
  if (!url) return false
  return redirectUris.some((uri) => {
    const registered = readLoopback(uri)
    if (!registered || registered.hostname !== url.hostname) return false
    return registered.pathname === url.pathname && registered.search === url.search
  })
}

function readLoopback(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !isLoopback(url)) return undefined
  return url.username === '' && url.password === '' && url.hash === '' ? url : undefined
}
