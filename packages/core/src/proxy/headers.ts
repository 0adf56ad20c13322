import { headerValues } from '../credentials.js'
import type { Identity } from '../decision.js'
import type { Upstream } from './upstream.js'

/** Header fields by lower-case name; several values are several fields. */
export type HeaderFields = Record<string, string | string[]>

/** What of an identity a header can carry. */
export type IdentityPart = 'accountId' | 'email' | 'name' | 'groups' | 'role' | 'credentialId'

/** Header name → what it carries. Names compare without case, and `_` counts as `-`. */
export type IdentityHeaders = Readonly<Record<string, IdentityPart>>

export const DEFAULT_IDENTITY_HEADERS: IdentityHeaders = {
  'x-litellm-end-user-id': 'accountId',
  'x-portcullis-user': 'accountId',
  'x-portcullis-email': 'email',
}

/** RFC 9110 §7.6.1, with the obsolete ones, and what belongs to the connection between two parties alone. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]

/** Set by the gate itself for the connection to the upstream; `expect` was answered by the server (RFC 9110 §10.1.1). */
const FRAMING = ['host', 'content-length', 'expect']

const CREDENTIALS = [
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-litellm-api-key',
  'x-auth-token',
  'x-access-token',
  'cookie',
  'cookie2',
]

const IDENTITIES = [
  'x-portcullis-*',
  'x-auth-request-*',
  'x-litellm-end-user-id',
  'x-litellm-customer-id',
  'x-remote-user',
  'remote-user',
  'x-user',
  'x-email',
]

/** Where a request came from is the business of the gate, and unproven when it comes from outside. */
const ORIGINS = [
  'forwarded',
  'via',
  'x-forwarded',
  'x-forwarded-*',
  'x-original-forwarded-for',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
]

/** Some upstreams take another path, method or proxy from these than from the request line that was checked. */
const OVERRIDES = [
  'proxy',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
]

/** Inbound headers that never reach an upstream; a trailing `*` stands for any ending. */
export const REMOVED_REQUEST_HEADERS: readonly string[] = [
  ...HOP_BY_HOP,
  ...FRAMING,
  ...CREDENTIALS,
  ...IDENTITIES,
  ...ORIGINS,
  ...OVERRIDES,
]

/**
 * Upstream headers that never reach a client: those of the connection, those that would speak for the gate's whole
 * origin (an upstream must not plant a session cookie there), and those that name the upstream or ask for its key.
 */
export const REMOVED_RESPONSE_HEADERS: readonly string[] = [
  ...HOP_BY_HOP,
  'set-cookie',
  'set-cookie2',
  'x-portcullis-renew',
  'clear-site-data',
  'strict-transport-security',
  'public-key-pins',
  'public-key-pins-report-only',
  'expect-ct',
  'alt-svc',
  'nel',
  'report-to',
  'reporting-endpoints',
  'origin-agent-cluster',
  'service-worker-allowed',
  'access-control-allow-credentials',
  'www-authenticate',
  'authentication-info',
  'server',
  'via',
  'x-litellm-model-api-base',
]

/** What a header that names the caller cannot be called. */
export const NEVER_IDENTITY_HEADERS: readonly string[] = [...HOP_BY_HOP, ...FRAMING, ...CREDENTIALS]

/** Decides by normalised name. */
export type HeaderFilter = (normalisedName: string) => boolean

/** Matches the given names in every spelling; a trailing `*` stands for any ending. */
export function headerFilter(patterns: Iterable<string>): HeaderFilter {
  const names = new Set<string>()
  const prefixes: string[] = []
  for (const pattern of patterns) {
    if (pattern.endsWith('*')) prefixes.push(normaliseName(pattern.slice(0, -1)))
    else names.add(normaliseName(pattern))
  }
  return (name) => names.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
}

const PLAIN_NAME = /^[a-z0-9-]*$/

/**
 * One spelling for all names that some server reads as the same: CGI and its heirs turn `-`, `_` and often every other
 * punctuation character into one and the same (RFC 3875 §4.1.18).
 */
export function normaliseName(name: string): string {
  const lower = name.toLowerCase()
  return PLAIN_NAME.test(lower) ? lower : lower.replace(/[^a-z0-9]/g, '-')
}

/** How much body the sender announced: a length, `chunked`, or none (RFC 9112 §6). */
export type Framing = { readonly length: string } | 'chunked' | 'none'

/**
 * The headers that the upstream gets: what the client sent without anything that speaks for the connection, for a
 * caller, or for a network path; then the framing, the identity, and the upstream's credential, in this order.
 * Headers named in `Connection` go before ours come, so that a client cannot have ours removed (RFC 9110 §7.6.1).
 */
export function upstreamHeaders(
  rawHeaders: readonly string[],
  framing: Framing,
  removed: HeaderFilter,
  identity: Readonly<Record<string, string>>,
  upstream: Pick<Upstream, 'host' | 'headers' | 'overridden'>,
): HeaderFields {
  const nominated = nominatedBy(rawHeaders)
  const headers = collectHeaders(
    rawHeaders,
    (name) => removed(name) || nominated.has(name) || upstream.overridden(name),
  )
  headers.host = upstream.host
  if (framing === 'chunked') headers['transfer-encoding'] = 'chunked'
  else if (framing !== 'none') headers['content-length'] = framing.length
  return Object.assign(headers, upstream.headers, identity)
}

/** The upstream's headers for the client, with the upstream's own address taken out of redirects. */
export function clientHeaders(
  rawHeaders: readonly string[],
  removed: HeaderFilter,
  upstream: Pick<Upstream, 'origin' | 'basePath' | 'target'>,
): HeaderFields {
  const nominated = nominatedBy(rawHeaders)
  const headers = collectHeaders(rawHeaders, (name) => removed(name) || nominated.has(name))
  for (const name of ['location', 'content-location']) {
    const value = headers[name]
    if (value === undefined) continue
    const reference = typeof value === 'string' ? withoutUpstream(value, upstream) : undefined
    if (reference === undefined) delete headers[name]
    else headers[name] = reference
  }
  return headers
}

const PATH_RELATIVE = /^(?![a-z][a-z0-9+.-]*:|[\\/])/i

/** Turns a reference to the upstream into one that leads through the gate; undefined for what is no reference. */
function withoutUpstream(
  reference: string,
  { origin, basePath, target }: Pick<Upstream, 'origin' | 'basePath' | 'target'>,
): string | undefined {
  const base = `${origin}${basePath}/`
  if (!URL.canParse(reference, base)) return undefined
  const url = new URL(reference, base)
  // Not the origin: an upstream behind its own TLS proxy names itself with another scheme or port.
  if (url.hostname !== target.hostname || PATH_RELATIVE.test(reference)) return reference
  const path = url.pathname.startsWith(`${basePath}/`) ? url.pathname.slice(basePath.length) : url.pathname
  return path + url.search + url.hash
}

/** Lower-case names; a name that came more than once keeps its values apart. */
function collectHeaders(rawHeaders: readonly string[], skip: HeaderFilter): HeaderFields {
  const headers: HeaderFields = Object.create(null)
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    if (skip(normaliseName(name))) continue
    const value = rawHeaders[at + 1] ?? ''
    const earlier = headers[name]
    if (Array.isArray(earlier)) earlier.push(value)
    else headers[name] = earlier === undefined ? value : [earlier, value]
  }
  return headers
}

const NOBODY: ReadonlySet<string> = new Set()

function nominatedBy(rawHeaders: readonly string[]): ReadonlySet<string> {
  const values = headerValues(rawHeaders, 'connection')
  if (values.length === 0) return NOBODY
  return new Set(values.flatMap((value) => value.split(',')).map((name) => normaliseName(name.trim())))
}

/** The identity headers of a caller. A part that the identity does not have is left out. */
export function describeIdentity(
  who: Identity,
  names: readonly (readonly [string, IdentityPart])[],
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, part] of names) {
    const value = readPart(who, part)
    if (value !== undefined) headers[name] = value
  }
  return headers
}

function readPart(who: Identity, part: IdentityPart): string | undefined {
  switch (part) {
    case 'groups':
      return who.groups.map((group) => visibleAscii(group).replaceAll(',', '%2C')).join(',')
    case 'credentialId':
      return visibleAscii(who.credential.id)
    default: {
      const text = who[part]
      return text === undefined ? undefined : visibleAscii(text)
    }
  }
}

const PLAIN_VALUE = /^[\x21-\x24\x26-\x7e]*$/

/**
 * Text as a header value: UTF-8 with everything but visible ASCII percent-encoded, and `%` itself, so that
 * `decodeURIComponent` gives back the text.
 */
export function visibleAscii(text: string): string {
  if (PLAIN_VALUE.test(text)) return text
  let encoded = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x25
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
