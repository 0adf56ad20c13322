/**
 * Why a JWS was refused. A code never changes its meaning.
 *
 * - `jws_malformed`: not three canonical base64url parts, a header that is not a strict JSON object, or too long.
 * - `jws_header_refused`: the header asks for something that is never done: `crit`, `b64`, `zip`, a key of its own.
 * - `jws_algorithm_refused`: `none`, an unknown algorithm, or another one than is pinned.
 * - `jws_key_unknown`: no key goes by the `kid` of the header, or there are no keys.
 * - `jws_key_refused`: the key that it takes may not be used: too weak, for another purpose, or ambiguous.
 * - `jws_signature_invalid`: no key that may be used made this signature.
 */
export type JwsErrorCode =
  | 'jws_malformed'
  | 'jws_header_refused'
  | 'jws_algorithm_refused'
  | 'jws_key_unknown'
  | 'jws_key_refused'
  | 'jws_signature_invalid'

/** A JWS that proves nothing. `message` is fixed text for the log: no part of the token or of a key is in it. */
export class JwsError extends Error {
  override readonly name = 'JwsError'
  readonly code: JwsErrorCode

  constructor(code: JwsErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
