import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'
import { type Denial, denial } from '../errors/denials.js'
import { headerValues } from './headers.js'
import type { RequestView } from './view.js'

/** How much body the sender announced: a length, `chunked`, or none (RFC 9112 §6). */
export type Framing = { readonly length: string } | 'chunked' | 'none'

/** What is read of a message before its target and its headers are. */
export type MessageHead = Pick<IncomingMessage, 'httpVersion' | 'rawHeaders'>

/**
 * What is wrong with a message as such. Every such answer ends the connection: where this message ends, and with it
 * where the next one begins, is not certain (RFC 9112 §6.3, §9.6).
 */
export function refuseMessage(message: MessageHead): Denial | undefined {
  // Made by a program, not read from a connection.
  if (!message.httpVersion) return undefined
  if (message.httpVersion !== '1.1' && message.httpVersion !== '1.0') return denial('version_refused')
  if (!isHostValid(message)) return denial('host_invalid')
  // HTTP/1.0 has no transfer codings: somebody on the way may not have read this one (RFC 9112 §6.1).
  if (message.httpVersion === '1.0' && headerValues(message.rawHeaders, 'transfer-encoding').length > 0)
    return denial('framing_ambiguous')
  const framing = readFraming(message.rawHeaders)
  return typeof framing === 'object' && 'code' in framing ? framing : undefined
}

/** RFC 9112 §6.1 and §6.3: one length, or `chunked` alone, never both. */
export function readFraming(rawHeaders: readonly string[]): Framing | Denial {
  const codings = headerValues(rawHeaders, 'transfer-encoding')
  const lengths = new Set(headerValues(rawHeaders, 'content-length'))
  if (codings.length > 0 && lengths.size > 0) return denial('framing_ambiguous')
  if (codings.length > 0) {
    const isChunked = codings.length === 1 && codings[0]?.toLowerCase() === 'chunked'
    return isChunked ? 'chunked' : denial('transfer_coding_refused')
  }
  if (lengths.size === 0) return 'none'
  const [length = ''] = lengths
  // A length that loses digits as a number is another length to whoever counts with numbers.
  if (lengths.size > 1 || !/^\d+$/.test(length) || !Number.isSafeInteger(Number(length)))
    return denial('framing_ambiguous')
  return { length: String(Number(length)) }
}

// RFC 3986 §3.2.2, without what no host name is spelled with; a list of two hosts is none.
const REGISTERED_NAME = /^(?:[\w.~-]|%[0-9a-f]{2})+$/i

/** RFC 9112 §3.2: one Host with a valid value; a request of HTTP/1.0 may have none. */
function isHostValid({ httpVersion, rawHeaders }: MessageHead): boolean {
  const [host, ...more] = headerValues(rawHeaders, 'host')
  if (host === undefined) return httpVersion === '1.0'
  const port = /:\d{0,5}$/.exec(host)?.[0] ?? ''
  const name = port === '' || host.endsWith(']') ? host : host.slice(0, -port.length)
  const isLiteral = name.startsWith('[') && name.endsWith(']') && isIPv6(name.slice(1, -1))
  return more.length === 0 && (isLiteral || REGISTERED_NAME.test(name))
}

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
 * Whether every protocol that it offers is another than WebSocket: HTTP/2 over plain TCP or TLS, which some clients offer with
 * every first request. A server may ignore an Upgrade (RFC 9110 §7.8), and ours do. Of `websocket, h2c` they choose WebSocket.
 */
export function isIgnoredUpgrade({ rawHeaders }: Pick<RequestView, 'rawHeaders'>): boolean {
  const isHandshake = rawHeaders.some((name, at) => at % 2 === 0 && OF_A_WEBSOCKET.test(name))
  const isOffer = headerValues(rawHeaders, 'upgrade').length > 0
  return isOffer && !isHandshake && !offersWebSocket({ rawHeaders })
}

/** Whether WebSocket is among the protocols that are offered (RFC 6455 §4.2.1), in any version. */
export function offersWebSocket({ rawHeaders }: Pick<RequestView, 'rawHeaders'>): boolean {
  const protocols = headerValues(rawHeaders, 'upgrade').flatMap((value) => value.split(','))
  return protocols.some((protocol) => /^\s*websocket\s*(\/|$)/i.test(protocol))
}
