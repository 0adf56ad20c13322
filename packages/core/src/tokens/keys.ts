import { createHmac, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { CompactSign, type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose'
import { PortcullisError } from '../errors.js'
import { secretProblem } from '../secrets.js'
import { proveJws, type VerifiedJws } from './prove.js'
import { importVerificationKey, type VerificationKey } from './verification-key.js'

export type AsymmetricAlgorithm = 'RS256' | 'ES256' | 'EdDSA'

/** A key of the ring. Keys are JWKs or PEM (PKCS #8 private, SPKI public); `kid` defaults to one derived from the key. */
export type SigningKeyOptions =
  | {
      readonly algorithm: 'HS256'
      /** At least 32 bytes, and no placeholder. */
      readonly secret: string | Uint8Array
      readonly kid?: string
    }
  | { readonly algorithm: AsymmetricAlgorithm; readonly privateKey: JWK | string; readonly kid?: string }
  /** Verifies only: a key that is on its way out, or another machine's. */
  | { readonly algorithm: AsymmetricAlgorithm; readonly publicKey: JWK | string; readonly kid?: string }

const LONGEST_TOKEN = 16_384

export interface KeyRing {
  /** Signs with the first key; the header carries `alg`, `kid` and `typ`. */
  sign(payload: Readonly<Record<string, unknown>>, typ: string): Promise<string>
  /** Verifies with the key that the header's `kid` names, under that key's own algorithm. Rejects with `JwsError`. */
  verify(compact: string): Promise<VerifiedJws>
  /** The public keys (RFC 7517 §5). Never a symmetric key, never a private member. */
  jwks(): { readonly keys: readonly JWK[] }
}

interface RingKey {
  readonly verification: VerificationKey & { readonly kid: string }
  readonly signing?: CryptoKey | Uint8Array
  readonly published?: JWK
}

/**
 * The keys of a gate: the first signs, all verify, each under one algorithm. Rejects with `configuration_invalid` that
 * names every problem at once and no secret.
 */
export async function keyRing(options: readonly SigningKeyOptions[]): Promise<KeyRing> {
  const problems: string[] = []
  const ring: RingKey[] = []
  for (const [index, option] of options.entries()) {
    try {
      ring.push('secret' in option ? await symmetricKey(option) : await asymmetricKey(option))
    } catch (error) {
      problems.push(
        `keys[${index}]: ${error instanceof KeyProblem ? error.message : 'cannot be read as a key'}`,
      )
    }
  }
  const kids = ring.map((key) => key.verification.kid)
  if (new Set(kids).size !== kids.length) problems.push('keys: two of them have the same kid')
  const [first] = ring
  if (options.length === 0) problems.push('keys: give at least one')
  else if (first && !first.signing) problems.push('keys[0]: the first key signs, so it must be private')
  if (problems.length > 0 || !first?.signing)
    throw new PortcullisError('configuration_invalid', `The keys cannot be used: ${problems.join('; ')}`, {
      problems,
    })

  const { signing, verification } = first
  const verifying = ring.map((key) => key.verification)
  const published = ring.flatMap((key) => (key.published ? [key.published] : []))
  return {
    sign: (payload, typ) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
        .setProtectedHeader({ alg: verification.algorithm, kid: verification.kid, typ })
        .sign(signing),
    verify: (compact) =>
      proveJws(compact, {
        maxLength: LONGEST_TOKEN,
        keysFor: ({ kid }) => verifying.filter((key) => key.kid === kid),
      }),
    jwks: () => ({ keys: published }),
  }
}

class KeyProblem extends Error {}

async function symmetricKey(option: Extract<SigningKeyOptions, { secret: unknown }>): Promise<RingKey> {
  const secret = typeof option.secret === 'string' ? new TextEncoder().encode(option.secret) : option.secret
  const problem = secretProblem(secret)
  if (problem) throw new KeyProblem(problem)
  const kid =
    option.kid ?? createHmac('sha256', secret).update('portcullis kid').digest('base64url').slice(0, 16)
  const jwk = { kty: 'oct', k: Buffer.from(secret).toString('base64url'), kid }
  const verification = await importVerificationKey(jwk, 'HS256')
  return { verification: { ...verification, kid }, signing: secret }
}

async function asymmetricKey(option: Exclude<SigningKeyOptions, { secret: unknown }>): Promise<RingKey> {
  const { algorithm } = option
  const privateKey = 'privateKey' in option ? readKey(option.privateKey, createPrivateKey) : undefined
  const publicKey =
    'publicKey' in option
      ? readKey(option.publicKey, createPublicKey)
      : createPublicKey(privateKey as KeyObject)
  const jwk = publicKey.export({ format: 'jwk' }) as JWK
  const kid = option.kid ?? (await calculateJwkThumbprint(jwk))
  const published = { ...jwk, kid, alg: algorithm, use: 'sig' }
  const verification = await importVerificationKey(published, algorithm)
  if ((publicKey.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048)
    throw new KeyProblem('an RSA key needs 2048 bits or more')
  const signing = privateKey && (await importJWK(privateKey.export({ format: 'jwk' }) as JWK, algorithm))
  return { verification: { ...verification, kid }, published, ...(signing === undefined ? {} : { signing }) }
}

function readKey(key: JWK | string, read: typeof createPublicKey | typeof createPrivateKey): KeyObject {
  return typeof key === 'string' ? read(key) : read({ key: key as never, format: 'jwk' })
}
