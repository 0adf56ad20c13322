import { headerValues } from '../credentials.js'
import type { RequestView } from '../decision.js'

/**
 * Whether a request asks for another protocol on its connection (RFC 9110 §7.8). A proxy that asks on its behalf sends no
 * `Upgrade`, which belongs to one connection, but lets the key of a WebSocket handshake through (RFC 6455 §4.1).
 */
export function isUpgrade({ rawHeaders }: RequestView): boolean {
  return [...headerValues(rawHeaders, 'upgrade'), ...headerValues(rawHeaders, 'sec-websocket-key')].length > 0
}
