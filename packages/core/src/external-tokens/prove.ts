import { sha256 } from '../crypto/hash.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { JwsError } from '../jws/jws-error.js'
import { type ProtectedHeader, proveJws } from '../jws/prove.js'
import { parseJsonObject } from '../jws/strict-json.js'
import type { KeySet } from '../remote-keys/key-set.js'
import { freezeDeeply } from '../store/collection.js'
import { type ExternalPayload, type ExternalProof, MAX_TOKEN_LENGTH, type TrustedIssuer } from './issuer.js'

/** RFC 7519 §5.1 and RFC 9068 §4. Any other kind (`logout+jwt`, `secevent+jwt`) was made to say something else. */
const TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt'])
const LAST_INSTANT = 253_402_300_799

/**
 * Proves that the issuer made this token for us: structure, header, signature by one of its current keys, `iss`, `aud`,
 * and that the instants are instants. Says nothing about whether it is the time.
 */
export async function proveExternalToken(
  issuer: TrustedIssuer,
  compact: string,
): Promise<Outcome<ExternalProof>> {
  const known = await recall(issuer, compact)
  if (known) return done(known)
  try {
    const { keySet, bytes } = await verifySignature(issuer, compact)
    const members = parseJsonObject(bytes)
    if (!members) return refused('token_malformed')
    const payload = readPayload(issuer, compact, members)
    if (!payload) return refused('token_invalid')
    const proof = { issuer, keySet, payload }
    issuer.proofs.set(compact, proof)
    return done(proof)
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    return refused(error.code === 'jws_malformed' ? 'token_malformed' : 'token_invalid')
  }
}

/** Asks for the current keys also when the token is known, so that a key that was rotated out stops working. */
async function recall(issuer: TrustedIssuer, compact: string): Promise<ExternalProof | undefined> {
  const proof = issuer.proofs.get(compact)
  if (!proof || proof.issuer !== issuer) return undefined
  if (proof.keySet === (await issuer.keys.current())) return proof
  issuer.proofs.delete(compact)
  return undefined
}

async function verifySignature(
  { options, keys }: TrustedIssuer,
  compact: string,
): Promise<{ keySet: KeySet; bytes: Uint8Array }> {
  let keySet: KeySet | undefined
  const { payload } = await proveJws(compact, {
    maxLength: MAX_TOKEN_LENGTH,
    async keysFor(header) {
      // Before any keys are fetched for it.
      refuseHeader(header, options.algorithms)
      keySet = await keys.current()
      if (header.kid !== undefined && !keySet.knows(header.kid)) keySet = await keys.after(keySet)
      return keySet.keysFor(header)
    },
  })
  if (!keySet) throw new JwsError('jws_key_unknown', 'No keys were asked for')
  return { keySet, bytes: payload }
}

function refuseHeader({ alg, typ }: ProtectedHeader, algorithms: ReadonlySet<string>): void {
  if (!algorithms.has(alg))
    throw new JwsError('jws_algorithm_refused', 'The issuer may not use this algorithm')
  if (typ !== undefined && !TYPES.has(typ.toLowerCase()))
    throw new JwsError('jws_header_refused', 'The typ names another kind of token')
}

function readPayload(
  { options }: TrustedIssuer,
  compact: string,
  members: Record<string, unknown>,
): ExternalPayload | undefined {
  const { iss, aud, jti, iat, exp, nbf = iat } = members
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud]
  if (iss !== options.issuer) return undefined
  // A security event, such as a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4), lets nobody in.
  if (Object.hasOwn(members, 'events')) return undefined
  if (!audiences.some((audience) => typeof audience === 'string' && options.audiences.has(audience)))
    return undefined
  if (jti !== undefined && (typeof jti !== 'string' || jti === '')) return undefined
  if (!isInstant(iat) || !isInstant(exp) || !isInstant(nbf)) return undefined
  return Object.freeze({
    members: freezeDeeply(members),
    id: externalTokenId(options.issuer, compact, jti),
    issuedAt: iat * 1000,
    notBefore: nbf * 1000,
    expiresAt: exp * 1000,
  })
}

/**
 * Two issuers may use one `jti`. Of a token without one only what was signed counts: whoever holds an ECDSA signature
 * (r, s) can write (r, n − s) as well, and would so have a token that is not the revoked one.
 */
function externalTokenId(issuer: string, compact: string, jti: string | undefined): string {
  const named = jti === undefined ? ['signed', compact.slice(0, compact.lastIndexOf('.'))] : ['jti', jti]
  return sha256(JSON.stringify([issuer, ...named]))
}

function isInstant(seconds: unknown): seconds is number {
  return Number.isInteger(seconds) && (seconds as number) >= 0 && (seconds as number) <= LAST_INSTANT
}
