import type { JWK } from 'jose'
import { InputError } from '../errors/input-error.js'
import { isObject } from '../input/kinds.js'
import type { JwsAlgorithm } from './algorithms.js'
import { JwsError } from './jws-error.js'
import { type ProtectedHeader, proveJws, type VerifiedJws } from './prove.js'
import { importVerificationKey, mismatchOf, type VerificationKey } from './verification-key.js'

export interface JwsVerification {
  /** Public keys, or secrets, never both. Of a private key only the public half is used. */
  readonly keys: readonly JWK[]
  /** The one algorithm that is accepted: HS, RS, PS or ES with 256, 384 or 512, `EdDSA` or `Ed25519` (RFC 9864 §2.2). */
  readonly algorithm: string
}

const MAX_LENGTH = 262_144

/**
 * Verifies a JWS in compact serialization (RFC 7515 §5.2) with pinned algorithm and keys, through the code that proves
 * every token on a request. Resolves with the protected header and the payload bytes, which may be empty.
 *
 * The token is refused before any key is used, and never any network traffic caused, unless it is at most 256 KiB,
 * exactly three parts of canonical unpadded base64url, and its header a strict JSON object whose `alg` is `algorithm`
 * and which carries none of `jwk`, `jku`, `x5u`, `x5c`, `crit`, `b64`, `zip`, `enc` (RFC 8725 §3.1–3.3, §3.10).
 *
 * A `kid` in the header selects the keys of that `kid`, or where none goes by it, the keys that have no `kid`; without
 * one every key is tried. Keys that say that they are for something else, or are too weak, are passed over. Two keys
 * of one `kid` for the same purpose, and a set of both secrets and public keys, are refused.
 *
 * Rejects with a {@link JwsError}: `jws_malformed`, `jws_header_refused`, `jws_algorithm_refused`, `jws_key_unknown`,
 * `jws_key_refused` or `jws_signature_invalid`; for options that are none with an {@link InputError}. Says nothing about the claims: expiry, issuer and audience are the
 * caller's to check.
 */
export async function verifyJws(compact: string, options: JwsVerification): Promise<VerifiedJws> {
  requireVerification(options)
  const { keys, algorithm } = options
  return proveJws(compact, {
    maxLength: MAX_LENGTH,
    keysFor: (header) => {
      if (header.alg !== algorithm)
        throw new JwsError('jws_algorithm_refused', 'The header names another algorithm than is pinned')
      return importKeys(candidates(keys, header), header.alg)
    },
  })
}

function requireVerification(options: JwsVerification): void {
  const problems: string[] = []
  const { keys, algorithm }: { keys?: unknown; algorithm?: unknown } = options ?? {}
  if (!Array.isArray(keys) || !keys.every(isObject)) problems.push('keys: give an array of JWKs')
  if (typeof algorithm !== 'string') problems.push('algorithm: give a text')
  if (problems.length > 0) throw new InputError(problems)
}

function candidates(keys: readonly JWK[], { kid }: ProtectedHeader): readonly JWK[] {
  const secrets = keys.filter((key) => key?.kty === 'oct')
  if (secrets.length > 0 && secrets.length < keys.length)
    throw new JwsError('jws_key_refused', 'The keys mix secrets with public keys')
  if (kid === undefined) return keys
  const named = keys.filter((key) => key?.kid === kid)
  return named.length > 0 ? named : keys.filter((key) => key?.kid === undefined)
}

async function importKeys(keys: readonly JWK[], algorithm: JwsAlgorithm): Promise<VerificationKey[]> {
  const meant = keys.filter((key) => mismatchOf(key, algorithm) === undefined)
  const kids = meant.flatMap(({ kid }) => (kid === undefined ? [] : [kid]))
  if (new Set(kids).size < kids.length) throw new JwsError('jws_key_refused', 'Two keys have the same kid')
  const tried = meant.length > 0 ? meant : keys
  const outcomes = await Promise.allSettled(tried.map((key) => importVerificationKey(key, algorithm)))
  const usable = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const refused = outcomes.find((outcome) => outcome.status === 'rejected')
  if (usable.length === 0 && refused) throw refused.reason
  return usable
}
