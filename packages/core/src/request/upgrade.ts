import { headerValues } from '../credentials.js'
import type { RequestView } from '../decision.js'

// A lax server may take a handshake for one that lacks some of them.
const OF_A_WEBSOCKET = /^sec-websocket-/i
const OF_AN_UPGRADE = /^(upgrade$|sec-websocket-)/i

/**
 * Whether a request asks for another protocol on its connection (RFC 9110 §7.8). A proxy that asks on its behalf sends no
 * `Upgrade`, which belongs to one connection, but lets the other fields of a WebSocket handshake through (RFC 6455 §4.1).
 */
export function isUpgrade({ rawHeaders }: Pick<RequestView, 'rawHeaders'>): boolean {
  return rawHeaders.some((name, at) => at % 2 === 0 && OF_AN_UPGRADE.test(name))
}

/**
 * Whether that is HTTP/2 and nothing else, which some clients offer with every first request over plain TCP. A server may
 * ignore an Upgrade (RFC 9110 §7.8), and ours do: RFC 9113 §3.1 has withdrawn this one.
 */
export function isIgnoredUpgrade({ rawHeaders }: Pick<RequestView, 'rawHeaders'>): boolean {
  const protocols = headerValues(rawHeaders, 'upgrade').flatMap((value) => value.split(','))
  const isWebSocket = rawHeaders.some((name, at) => at % 2 === 0 && OF_A_WEBSOCKET.test(name))
  return (
    protocols.length > 0 && !isWebSocket && protocols.every((name) => name.trim().toLowerCase() === 'h2c')
  )
}
