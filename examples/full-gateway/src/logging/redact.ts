import { IncomingMessage, ServerResponse } from 'node:http'

const REDACTED = '[redacted]'
const MAX_DEPTH = 8
const MAX_ENTRIES = 100
const MAX_TEXT = 4_000
/** Looked at beyond what is written, so that no credential is cut to something that does not look like one. */
const MARGIN = 1_024

const SECRET_NAME =
  /(?:authori[sz]ation|cookie|secret|password|passwd|passphrase|token|apikey|privatekey|codeverifier|credentials|sessionid|hint)s?$/
/** Counts and ids whose names end like those of secrets. */
const HARMLESS_TYPES: ReadonlySet<string> = new Set(['number', 'boolean', 'bigint', 'undefined'])
/** Collections whose parts are named or kept in ways that hide what they are. */
const SECRET_COLLECTION = /^(raw)?(headers|trailers)(distinct)?$|^(query|querystring|search|searchparams)$/

const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  // A compact JWS or JWE, whatever it is part of.
  [/eyJ[\w-]{4,}\.[\w-]*\.[\w-]*(?:\.[\w-]*)*/g, REDACTED],
  [/\b(bearer|basic|dpop)\s+(?:[a-z]*[\d._~+/=-][\w.~+/=-]{4,}|[a-z]{16,})/gi, `$1 ${REDACTED}`],
  [/\bsk-[\w-]{6,}/g, REDACTED],
  // All of an API key of the gate beyond its id, which is no secret; spelled with percent signs, or broken up, too.
  [/((?:p|%70)(?:k|%6b)(?:_|%5f)[\w%.~-]{12})[\w%.~-]+/gi, `$1${REDACTED}`],
  [/(\b[a-z][a-z\d+.-]*:\/\/)[^\s/?#@]+@/gi, `$1${REDACTED}@`],
  // Redis quotes what a command that it does not know was called with.
  [/( with args beginning with:)[^\n]*/g, `$1 ${REDACTED}`],
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g, REDACTED],
  // A query says more than its parameters' names suggest, and is never needed to tell what happened.
  [/(\bhttps?:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi, '$1'],
  [/(\/oauth2\/[\w/-]*)\?[^\s"'<>]*/gi, '$1'],
  [
    /((?:token|secret|password|passwd|api[_-]?key|authorization|cookie|verifier|hint|\b(?:code|state|nonce|session))["']?\s*=\s*)[^\s&;,"'<>]+/gi,
    `$1${REDACTED}`,
  ],
  [
    /(\b(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key|api-key)["']?\s*:\s*)[^\r\n]+/gi,
    `$1${REDACTED}`,
  ],
]

const known = new Set<string>()
/** Shorter ones would be found in words. */
const SHORTEST_KNOWN = 8

/** Secrets of this process itself, which from now on are left out of any text, in whatever shape they are. */
export function neverLog(secrets: Iterable<string | undefined>): void {
  for (const secret of secrets) if (secret !== undefined && secret.length >= SHORTEST_KNOWN) known.add(secret)
}

/** Text for the log: bounded, without anything that looks like a credential, and without queries of URLs. */
export function redactText(text: string): string {
  const looked = text.length > MAX_TEXT + MARGIN ? text.slice(0, MAX_TEXT + MARGIN) : text
  const plain = redactPlain(looked)
  const redacted = plain.includes('%') ? plain.replace(ENCODED_RUN, redactEncoded) : plain
  return text.length > MAX_TEXT ? `${redacted.slice(0, MAX_TEXT)}…` : redacted
}

/** Without any of this no pattern of `SECRET_TEXT` can match, and nothing is encoded: most of what is logged. */
const MAY_BE_SECRET = /[\s%:=?]|eyJ|sk-|pk_/i

function redactPlain(text: string): string {
  let redacted = text
  for (const secret of known)
    if (secret.length <= redacted.length) redacted = redacted.replaceAll(secret, REDACTED)
  if (!MAY_BE_SECRET.test(redacted)) return redacted
  for (const [pattern, replacement] of SECRET_TEXT) redacted = redacted.replace(pattern, replacement)
  return redacted
}

const ENCODED_RUN = /[^\s"'<>]+/g
/** Proxies and clients encode what is encoded already. */
const DECODED_AT_MOST = 4

/** A word as it is, unless it hides a credential behind percent signs: then decoded and without it. */
function redactEncoded(word: string): string {
  let decoded = word
  for (let round = 0; round < DECODED_AT_MOST && decoded.includes('%'); round++) {
    decoded = decoded.replace(/%([2-7][\da-f])/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    const redacted = redactPlain(decoded)
    if (redacted !== decoded) return redacted
  }
  return word
}

/**
 * A copy of what was passed to the logger that is safe to write: every field at any depth whose name is that of a
 * credential is replaced, headers are dropped, requests and responses shrink to what they were about, errors keep type,
 * message, stack and code, and all text goes through `redactText`.
 */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactObject(fields, 0, new Set([fields]))
}

/** One value of such a copy. */
export function redactValue(value: unknown, depth = 0, within: Set<object> = new Set()): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH || within.has(value)) return '[…]'
  within.add(value)
  const redacted = redactObjectLike(value, depth + 1, within)
  within.delete(value)
  return redacted
}

function redactObjectLike(value: object, depth: number, within: Set<object>): unknown {
  if (value instanceof Error) return redactError(value, depth, within)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof URL) return redactText(value.href)
  if (value instanceof IncomingMessage) return { method: value.method, path: pathOf(value.url) }
  if (value instanceof ServerResponse) return { status: value.statusCode }
  if (value instanceof Request) return { method: value.method, url: redactText(value.url) }
  if (value instanceof Response) return { status: value.status }
  if (value instanceof Headers || value instanceof URLSearchParams || ArrayBuffer.isView(value))
    return REDACTED
  if (Array.isArray(value))
    return value.slice(0, MAX_ENTRIES).map((entry: unknown) => redactValue(entry, depth, within))
  if (value instanceof Set) return redactObjectLike([...value], depth, within)
  if (value instanceof Map) return redactObject(Object.fromEntries(value), depth, within)
  return redactObject(value, depth, within)
}

function redactObject(value: object, depth: number, within: Set<object>): Record<string, unknown> {
  const redacted: Record<string, unknown> = {}
  let entries = 0
  for (const name of Object.keys(value)) {
    entries += 1
    if (entries > MAX_ENTRIES) break
    const entry = (value as Record<string, unknown>)[name]
    const safe = isSecret(name, entry) ? REDACTED : redactValue(entry, depth, within)
    const safeName = redactText(name)
    // Assigned, it would be the prototype.
    if (safeName === '__proto__') Object.defineProperty(redacted, safeName, { value: safe, enumerable: true })
    else redacted[safeName] = safe
  }
  return redacted
}

function redactError(error: Error, depth: number, within: Set<object>): Record<string, unknown> {
  const { cause: _, ...own }: Error & { command?: unknown } = error
  // Clients of Redis keep the whole command, and with it the records that it was about.
  delete own.command
  return {
    type: error.name,
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
    ...redactObject(own, depth, within),
    ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, depth, within) }),
  }
}

function isSecret(name: string, value: unknown): boolean {
  if (HARMLESS_TYPES.has(typeof value) || value === null) return false
  switch (secrecyOf(name)) {
    case 'secret':
      return true
    case 'credential':
      return typeof value === 'string' || Array.isArray(value)
    default:
      return false
  }
}

type Secrecy = 'secret' | 'credential' | 'none'

const REMEMBERED_AT_MOST = 1_000
/** The same few names are in every line. */
const secrecyByName = new Map<string, Secrecy>()

function secrecyOf(name: string): Secrecy {
  const remembered = secrecyByName.get(name)
  if (remembered !== undefined) return remembered
  const letters = name.toLowerCase().replace(/[^a-z]/g, '')
  const isSecretName = SECRET_NAME.test(letters) || SECRET_COLLECTION.test(letters)
  const secrecy = letters === 'credential' ? 'credential' : isSecretName ? 'secret' : 'none'
  if (secrecyByName.size < REMEMBERED_AT_MOST) secrecyByName.set(name, secrecy)
  return secrecy
}

const MAX_PATH = 512

/** The path of a request target in any of its forms (RFC 9112 §3.2), without user, query and fragment. */
export function pathOf(target: string | undefined): string {
  const text = target ?? ''
  const path =
    text.startsWith('/') || !URL.canParse(text) ? (text.split(/[?#]/, 1)[0] ?? '') : new URL(text).pathname
  const redacted = redactText(path)
  return redacted.length > MAX_PATH ? `${redacted.slice(0, MAX_PATH)}…` : redacted
}
