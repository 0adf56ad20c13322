import { compactVerify } from 'jose'
import { isJwsAlgorithm, type JwsAlgorithm, rulesOf } from './algorithms.js'
import { parseCompact } from './compact.js'
import { JwsError } from './jws-error.js'
import type { VerificationKey } from './verification-key.js'

/** The header of a JWS, all of it under the signature. */
export interface ProtectedHeader {
  readonly alg: JwsAlgorithm
  readonly kid?: string
  readonly typ?: string
  readonly cty?: string
  readonly [member: string]: unknown
}

export interface VerifiedJws {
  readonly protectedHeader: ProtectedHeader
  /** The bytes that were signed; possibly none. */
  readonly payload: Uint8Array
}

export interface Proof {
  /** Characters of the longest JWS that is looked at. */
  readonly maxLength: number
  /** The keys that may have signed; asked only once the header has passed. May reject with a `JwsError` of its own. */
  readonly keysFor: (
    header: ProtectedHeader,
  ) => readonly VerificationKey[] | Promise<readonly VerificationKey[]>
}

/** A key that came with the token proves nothing, and what cannot be honoured may not be ignored. */
const REFUSED_MEMBERS = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc']
const TEXT_MEMBERS = ['kid', 'typ', 'cty']

/**
 * Proves a compact JWS: strict structure, header, then the signature by one of the keys, each with its own algorithm
 * only. Every token that Portcullis accepts went through here. Rejects with a `JwsError`.
 */
export async function proveJws(compact: string, { maxLength, keysFor }: Proof): Promise<VerifiedJws> {
  const parsed = parseCompact(compact, maxLength)
  if (!parsed) throw new JwsError('jws_malformed', 'Not a compact JWS in canonical form')
  const protectedHeader = admitHeader(parsed.header)
  const keys = await keysFor(protectedHeader)
  if (keys.length === 0) throw new JwsError('jws_key_unknown', 'No key goes by the kid of the header')
  const pinned = keys.filter((key) => key.algorithm === protectedHeader.alg)
  if (pinned.length === 0)
    throw new JwsError('jws_algorithm_refused', 'The key is pinned to another algorithm')
  refuseSignatureLength(parsed.signature, protectedHeader.alg)
  return { protectedHeader, payload: await verifyWithAny(compact, pinned) }
}

function admitHeader(header: Record<string, unknown>): ProtectedHeader {
  const refused = REFUSED_MEMBERS.find((name) => Object.hasOwn(header, name))
  if (refused) throw new JwsError('jws_header_refused', `The header carries ${refused}`)
  const ill = TEXT_MEMBERS.find((name) => Object.hasOwn(header, name) && typeof header[name] !== 'string')
  if (ill) throw new JwsError('jws_header_refused', `The ${ill} of the header is not a string`)
  const { alg } = header
  if (!isJwsAlgorithm(alg))
    throw new JwsError('jws_algorithm_refused', 'The header names no algorithm that is accepted')
  return { ...header, alg }
}

/** ECDSA signatures are raw r‖s (RFC 7518 §3.4); a truncated MAC is none. RSA depends on the key and is left to jose. */
function refuseSignatureLength(signature: Uint8Array, algorithm: JwsAlgorithm): void {
  const rules = rulesOf(algorithm)
  if ('signatureBytes' in rules && signature.byteLength !== rules.signatureBytes)
    throw new JwsError('jws_signature_invalid', 'The signature is not of the length that its algorithm makes')
}

async function verifyWithAny(compact: string, keys: readonly VerificationKey[]): Promise<Uint8Array> {
  let failure: unknown
  for (const { key, algorithm } of keys) {
    try {
      return (await compactVerify(compact, key, { algorithms: [algorithm] })).payload
    } catch (cause) {
      failure = cause
    }
  }
  throw new JwsError('jws_signature_invalid', 'No key made this signature', failure)
}
