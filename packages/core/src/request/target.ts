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
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark + 1)
  if (path === '' || !PATH.test(path) || !QUERY.test(query)) return undefined
  if (path.includes('%') && !hasCanonicalEscapes(path)) return undefined
  return { path, query }
}

// RFC 9112 §3.2.2, with an authority that has one spelling: no user, no percent-encoding.
const ABSOLUTE_FORM = /^(https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?)(?=[/?]|$)/i

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
