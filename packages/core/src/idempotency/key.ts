import { done, type Outcome, refused } from '../errors/outcome.js'
import { headerValues } from '../request/head.js'

export const IDEMPOTENCY_HEADER = 'Idempotency-Key'
export const LONGEST_IDEMPOTENCY_KEY = 255

const PRINTABLE = /^[\x20-\x7e]+$/
/** RFC 8941 §3.3.3: in quotes, with `"` and `\` behind a backslash. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/
/** As many clients send it. What two headers are joined with is in none. */
const BARE = /^[\x21\x23-\x2b\x2d-\x7e]+$/

/** Whether this can be a key: 1 to 255 printable ASCII characters. */
export function isIdempotencyKey(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_IDEMPOTENCY_KEY && PRINTABLE.test(value)
}

/**
 * The key of a request (draft-ietf-httpapi-idempotency-key-header-07 §2.1), undefined when it has none. The quotes of a
 * structured string are no part of it; without quotes it has no blank, comma or quote. Refused with
 * `idempotency_key_invalid` for anything else, and when it is sent twice.
 */
export function readIdempotencyKey(rawHeaders: readonly string[]): Outcome<string | undefined> {
  const [value, ...more] = headerValues(rawHeaders, IDEMPOTENCY_HEADER.toLowerCase())
  if (value === undefined) return done(undefined)
  const quoted = QUOTED.exec(value)?.[1]?.replace(/\\(["\\])/g, '$1')
  const key = quoted ?? (BARE.test(value) ? value : undefined)
  return more.length === 0 && isIdempotencyKey(key) ? done(key) : refused('idempotency_key_invalid')
}
