import { createHmac, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { CompactSign, type CryptoKey, calculateJwkThumbprint, compactVerify, importJWK, type JWK } from 'jose'
import { secretProblem } from '../crypto/secrets.js'
import { importVerificationKey, type VerificationKey } from './verification-key.js'

export type AsymmetricAlgorithm = 'RS256' | 'ES256' | 'EdDSA'

/** One key, one algorithm (RFC 8725 §3.1–3.2). A `kid` is 1 to 128 printable ASCII characters. */
export type SigningKeyOptions =
  | {
      readonly algorithm: 'HS256'
      /** At least 32 random bytes; a string counts in UTF-8. Make one with `openssl rand -hex 32`. */
      readonly secret: string | Uint8Array
      /** Default: derived from the secret without giving it away. */
      readonly kid?: string
    }
  | {
      readonly algorithm: AsymmetricAlgorithm
      /**
       * A private JWK, or unencrypted PKCS #8 in PEM: RSA of at least 2048 bits for RS256, P-256 for ES256, Ed25519
       * for EdDSA. Its public half verifies and is published.
       */
      readonly privateKey: JWK | string
      /** Default: the `kid` of the JWK, else its thumbprint (RFC 7638). */
      readonly kid?: string
    }
  | {
      readonly algorithm: AsymmetricAlgorithm
      /** A public JWK, or SPKI in PEM. Verifies only: a key that is on its way out, or another machine's. */
      readonly publicKey: JWK | string
      /** Default: the `kid` of the JWK, else its thumbprint (RFC 7638). */
      readonly kid?: string
    }

type SecretKeyOptions = Extract<SigningKeyOptions, { secret: unknown }>
type PrivateKeyOptions = Extract<SigningKeyOptions, { privateKey: unknown }>
type PublicKeyOptions = Extract<SigningKeyOptions, { publicKey: unknown }>

export interface RingKey {
  readonly kid: string
  readonly verification: VerificationKey
  /** Absent when the key only verifies. */
  readonly signing?: CryptoKey
  /** What may be published; absent for a secret. */
  readonly publicJwk?: JWK
}

const KID = /^[\x20-\x7e]{1,128}$/
const PROBE = new TextEncoder().encode('portcullis')

/**
 * Makes a key of the options ready for use. Rejects with an error whose message says what is wrong with the key and
 * quotes nothing of it.
 */
export async function importSigningKey(options: SigningKeyOptions): Promise<RingKey> {
  if (options.kid !== undefined && !isKid(options.kid))
    throw new Error('kid must be 1 to 128 printable ASCII characters')
  if (options.algorithm === 'HS256') return importSecretKey(options)
  if (!['RS256', 'ES256', 'EdDSA'].includes(options.algorithm))
    throw new Error('algorithm must be HS256, RS256, ES256 or EdDSA')
  if ('privateKey' in options && 'publicKey' in options)
    throw new Error('give privateKey or publicKey, not both')
  return 'privateKey' in options ? importPrivateKey(options) : importPublicKey(options)
}

async function importSecretKey(options: SecretKeyOptions): Promise<RingKey> {
  const { algorithm, secret } = options
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret
  if (!(bytes instanceof Uint8Array)) throw new Error('HS256 takes a secret')
  const problem = signingSecretProblem(bytes)
  if (problem) throw new Error(`the secret is ${problem}`)
  const kid = options.kid ?? secretKid(bytes)
  const k = Buffer.from(bytes).toString('base64url')
  const signing = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ])
  return { kid, verification: await importVerificationKey({ kty: 'oct', k, kid }, algorithm), signing }
}

function signingSecretProblem(secret: Uint8Array): string | undefined {
  return secretProblem(secret) ?? (repeatsItself(Buffer.from(secret)) ? 'a shorter text repeated' : undefined)
}

/** What goes on from its middle at the latest as it began has no more in it than its first half. */
function repeatsItself(secret: Buffer): boolean {
  for (let period = 1; period <= secret.length / 2; period++)
    if (secret.subarray(period).equals(secret.subarray(0, -period))) return true
  return false
}

/** The same on every machine; too short a part of a MAC over a fixed label to be a signature of anything. */
function secretKid(secret: Uint8Array): string {
  return createHmac('sha256', secret).update('portcullis kid').digest('base64url').slice(0, 16)
}

async function importPrivateKey(options: PrivateKeyOptions): Promise<RingKey> {
  const { algorithm, privateKey } = options
  const key = readKey('privateKey', privateKey, createPrivateKey)
  const publicKey = await publish(options, privateKey, createPublicKey(key))
  const signing = await importSigningHalf(key, algorithm, publicKey.verification)
  return { ...publicKey, signing }
}

/** A JWK can pair the private member of one key with the public ones of another; such a key signs what nobody accepts. */
async function importSigningHalf(
  key: KeyObject,
  alg: AsymmetricAlgorithm,
  verification: VerificationKey,
): Promise<CryptoKey> {
  try {
    const signing = (await importJWK(key.export({ format: 'jwk' }), alg)) as CryptoKey
    const signed = await new CompactSign(PROBE).setProtectedHeader({ alg }).sign(signing)
    await compactVerify(signed, verification.key, { algorithms: [alg] })
    return signing
  } catch (cause) {
    throw new Error('the private and the public members of the key do not belong together', { cause })
  }
}

async function importPublicKey(options: PublicKeyOptions): Promise<RingKey> {
  const { publicKey } = options
  if (isPrivate(publicKey)) throw new Error('publicKey holds a private key')
  return publish(options, publicKey, readKey('publicKey', publicKey, createPublicKey))
}

function isPrivate(given: JWK | string | undefined): boolean {
  if (typeof given === 'string') return given.includes('PRIVATE KEY-----')
  return given?.d !== undefined
}

async function publish(
  { algorithm, kid }: PrivateKeyOptions | PublicKeyOptions,
  given: JWK | string,
  key: KeyObject,
): Promise<RingKey> {
  const members = key.export({ format: 'jwk' }) as JWK
  const purpose = typeof given === 'string' ? {} : purposeOf(given)
  const name = kid ?? purpose.kid ?? (await calculateJwkThumbprint(members, 'sha256'))
  const verification = await importVerificationKey({ ...members, ...purpose, kid: name }, algorithm)
  return { kid: name, verification, publicJwk: { ...members, kid: name, alg: algorithm, use: 'sig' } }
}

/** What a JWK says about itself beyond its numbers, so that it is held to it (RFC 7517 §4.2–4.5). */
function purposeOf(jwk: JWK): Partial<JWK> {
  const { kid, alg, use, key_ops: operations } = jwk
  if (kid !== undefined && !isKid(kid)) throw new Error('kid must be 1 to 128 printable ASCII characters')
  const operation = isPrivate(jwk) ? 'sign' : 'verify'
  if (operations !== undefined && !operations.includes(operation))
    throw new Error(`its key_ops do not include ${operation}`)
  return {
    ...(kid === undefined ? {} : { kid }),
    ...(alg === undefined ? {} : { alg }),
    ...(use === undefined ? {} : { use }),
  }
}

function isKid(value: unknown): value is string {
  return typeof value === 'string' && KID.test(value)
}

function readKey(
  member: 'privateKey' | 'publicKey',
  given: JWK | string | undefined,
  create: (input: string | { key: JWK; format: 'jwk' }) => KeyObject,
): KeyObject {
  if (!given) throw new Error(`${member} is missing`)
  try {
    return create(typeof given === 'string' ? given : { key: given, format: 'jwk' })
  } catch {
    throw new Error(`${member} is neither a JWK nor unencrypted PEM of the right kind`)
  }
}
