import { headerValues } from '../credentials.js'
import type { RequestView } from '../decision.js'

/**
 * Whether a request asks for another protocol on its connection (RFC 9110 §7.8). A proxy that asks on its behalf sends no
 * `Upgrade`, which belongs to one connection, but lets the key of a WebSocket handshake through (RFC 6455 §4.1).
 */
export function isUpgrade({ rawHeaders }: Pick<RequestView, 'rawHeaders'>): boolean {
  return [...headerValues(rawHeaders, 'upgrade'), ...headerValues(rawHeaders, 'sec-websocket-key')].length > 0
}

/**
 * Whether that is HTTP/2 and nothing else, which some clients offer with every first request over plain TCP. A server may
 * ignore an Upgrade (RFC 9110 §7.8), and ours do: RFC 9113 §3.1 has withdrawn this one.
 */
export function isIgnoredUpgrade({ rawHeaders }: Pick<RequestView, 'rawHeaders'>): boolean {
  const protocols = headerValues(rawHeaders, 'upgrade').flatMap((value) => value.split(','))
  const isWebSocket = headerValues(rawHeaders, 'sec-websocket-key').length > 0
  return (
    protocols.length > 0 && !isWebSocket && protocols.every((name) => name.trim().toLowerCase() === 'h2c')
  )
}
