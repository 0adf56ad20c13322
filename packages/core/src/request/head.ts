import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'
import { type Denial, denial } from '../errors/denial.js'
import type { RequestView } from './view.js'

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

export const REFUSED_METHODS: ReadonlySet<string> = new Set(['TRACE', 'TRACK', 'CONNECT'])

/** What is wrong with a request before anybody asks who sent it. */
export function refuseHead(view: RequestView): Denial | undefined {
  if (REFUSED_METHODS.has(view.method)) return denial('method_refused')
  const target = parseTarget(view.target)
  if (!target) return denial('target_invalid')
  return hasCredentialInQuery(target.query) ? denial('token_in_query') : undefined
}

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

export interface Target {
  /** Canonical: equal paths are equal strings. Forwarded byte for byte. */
  readonly path: string
  /** Without its `?`; empty when there is none. */
  readonly query: string
}

// RFC 3986 §3.3 pchar. A segment is never empty, never a dot segment, and no dot segment under servlet parameters.
const PATH = /^(?:\/(?!;|%3b|\.\.?(?:[/;]|%3b|$))(?:[\w\-.~!$&'()*+,;=:@]|%[0-9a-f]{2})+)*\/?$/i
// RFC 3986 §3.4, and the characters that the WHATWG URL Standard leaves as they are in a query.
const QUERY = /^(?:[\w\-.~!$&'()*+,;=:@/?"<>[\]^`{|}]|%[0-9a-f]{2})*$/i
// Decoded once more by a careless upstream, `%252e` is a dot.
const ENCODED_TWICE = /%25[0-9a-f]{2}/i
// Unreserved characters have one spelling, the plain one (RFC 3986 §6.2.2.2).
const ENCODED_UNRESERVED = /%(?:2[de]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|7e)/i
const ENCODED_SEPARATOR = /%(?:2f|5c)/i
const CONTROL = /\p{Cc}/u

/**
 * Splits a request target that has exactly one reading, so that the path which was checked is the path which every
 * upstream sees. Accepts origin-form (RFC 9112 §3.2.1; see `originForm` for the other) alone, in canonical form; `undefined` for all else: absolute,
 * authority and asterisk form, a fragment, raw control or non-ASCII characters, a backslash, dot or empty segments
 * (also with `;` parameters), percent-encoded separators, controls or unreserved characters, double or broken
 * percent-encoding, and bytes that are not UTF-8. Takes time linear in the length.
 */
export function parseTarget(target: string): Target | undefined {
  if (target !== lastRead.text) lastRead = { text: target, target: readTarget(target) }
  return lastRead.target
}

/** Who authenticates a request, who routes it and who forwards it read the same target one after another. */
let lastRead: { readonly text: string; readonly target: Target | undefined } = { text: '', target: undefined }

function readTarget(target: string): Target | undefined {
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark + 1)
  if (path === '' || !PATH.test(path) || !QUERY.test(query)) return undefined
  if (path.includes('%') && !hasCanonicalEscapes(path)) return undefined
  return { path, query }
}

// RFC 9112 §3.2.2, with an authority that has one spelling: no user, no percent-encoding.
const ABSOLUTE_FORM = /^(https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?)(?=[/?]|$)/i

/** What a target is read of; frameworks keep it as it came when they cut a mount path off `url`. */
export interface Targeted {
  readonly url?: string | undefined
  readonly originalUrl?: unknown
}

/** The target as the client sent it, in origin form. */
export function targetOf({ url = '', originalUrl }: Targeted, publicUrl: string): string {
  return originForm(typeof originalUrl === 'string' ? originalUrl : url, publicUrl)
}

/**
 * A target in absolute-form of the given origin, which every server must accept (RFC 9112 §3.2.2), in origin-form;
 * everything else as it is. The origin is the public one: whatever `Host` says beside it is not asked.
 */
export function originForm(target: string, origin: string): string {
  if (target.startsWith('/')) return target
  const [prefix] = ABSOLUTE_FORM.exec(target) ?? []
  if (prefix === undefined || !URL.canParse(prefix) || new URL(prefix).origin !== origin) return target
  const rest = target.slice(prefix.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

function hasCanonicalEscapes(path: string): boolean {
  if (ENCODED_SEPARATOR.test(path) || ENCODED_UNRESERVED.test(path) || ENCODED_TWICE.test(path)) return false
  try {
    return !CONTROL.test(decodeURIComponent(path))
  } catch {
    return false
  }
}

/** Compared without case, punctuation and `[…]`. */
const CREDENTIAL_NAMES: ReadonlySet<string> = new Set([
  'accesskey',
  'accesstoken',
  'apikey',
  'apitoken',
  'auth',
  'authorization',
  'authtoken',
  'bearer',
  'bearertoken',
  'clientsecret',
  'idtoken',
  'jwt',
  'key',
  'password',
  'refreshtoken',
  'secret',
  'token',
  'xapikey',
  'xauthtoken',
  'xgoogapikey',
])

// What an identity provider sends back at login (RFC 6749 §4.1.2) may be a JWT, and is worthless once used.
const LOGIN_ANSWERS: ReadonlySet<string> = new Set(['code', 'state'])

// The lookbehind keeps this linear: a run of word characters is entered once.
const CREDENTIAL_VALUE = /(?<![\w-])(?:eyJ[\w-]+\.[\w-]+\.[\w-]*(?![\w.-])|pk_[\w-]{16,})/

/**
 * Whether a query carries a credential: by the name of a parameter in any case and percent-spelling, or by a value
 * that looks like a compact JWS (RFC 7515 §7.1) or an API key of the gate. URLs end up in logs, histories and Referer
 * headers (RFC 6750 §5.3). Takes time linear in the length.
 */
export function hasCredentialInQuery(query: string): boolean {
  if (query === '') return false
  for (const pair of query.split(/[&;]/)) {
    const equals = pair.indexOf('=')
    const name = foldName(decode(equals === -1 ? pair : pair.slice(0, equals)))
    if (CREDENTIAL_NAMES.has(name)) return true
    if (!LOGIN_ANSWERS.has(name) && CREDENTIAL_VALUE.test(decode(pair))) return true
  }
  return false
}

function foldName(name: string): string {
  const bracket = name.indexOf('[', 1)
  return (bracket === -1 ? name : name.slice(0, bracket)).toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Byte by byte: the names and values looked for are ASCII, and a query need not be UTF-8. */
function decode(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
