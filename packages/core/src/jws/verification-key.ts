import { type CryptoKey, importJWK, type JWK } from 'jose'
import { type AlgorithmRules, type JwsAlgorithm, rulesOf } from './algorithms.js'
import { decodeBase64url } from './compact.js'
import { JwsError } from './jws-error.js'

/** Primes modulo which the powers of 65537 are few. */
const TELLING_PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]

/**
 * Whether an RSA modulus has the fingerprint of CVE-2017-15361 (ROCA): it is a power of 65537 modulo many small primes,
 * and its private key can be computed. About one sound modulus in 2^27 looks alike.
 */
export function isRocaModulus(modulus: bigint): boolean {
  return TELLING_PRIMES.every((prime) => isPowerOf65537(Number(modulus % BigInt(prime)), prime))
}

function isPowerOf65537(residue: number, prime: number): boolean {
  let power = 1
  do {
    if (power === residue) return true
    power = (power * 65_537) % prime
  } while (power !== 1)
  return false
}

/** A key that verifies with one algorithm and no other (RFC 8725 §3.1). */
export interface VerificationKey {
  readonly algorithm: JwsAlgorithm
  readonly kid?: string
  readonly key: CryptoKey
}

const MIN_RSA_BITS = 2048
const PUBLIC_MEMBERS = { RSA: ['n', 'e'], EC: ['crv', 'x', 'y'], OKP: ['crv', 'x'] } as const

/**
 * Makes a JWK ready to verify with `algorithm`. Of an asymmetric private key only the public half is taken. Rejects
 * with a `JwsError` `jws_key_refused` for a key of another type or curve, one whose `alg`, `use` or `key_ops` says that
 * it is for something else (RFC 7517 §4.2–4.4), a secret shorter than the hash (RFC 7518 §3.2), an RSA modulus under
 * 2048 bits (§3.3), an RSA exponent that is even or below 3 (RFC 8017 §3.1), a ROCA modulus, a point off its curve.
 */
export async function importVerificationKey(jwk: JWK, algorithm: JwsAlgorithm): Promise<VerificationKey> {
  const rules = rulesOf(algorithm)
  const mismatch = mismatchOf(jwk, algorithm)
  if (mismatch) throw refusal(mismatch)
  const key = await (rules.kty === 'oct' ? importSecret(jwk, rules) : importPublic(jwk, algorithm, rules))
  return { algorithm, key, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) }
}

/** Why a JWK is not meant to verify with `algorithm`, by what it says of itself; undefined when it may be. */
export function mismatchOf(jwk: JWK, algorithm: JwsAlgorithm): string | undefined {
  const rules = rulesOf(algorithm)
  if (typeof jwk !== 'object' || jwk === null) return 'it is not a JWK'
  if (jwk.kty !== rules.kty) return `${algorithm} takes a key of type ${rules.kty}`
  if ('crv' in rules && jwk.crv !== rules.crv) return `${algorithm} takes a key on ${rules.crv}`
  if (jwk.alg !== undefined && jwk.alg !== algorithm) return 'its alg names another algorithm'
  if (jwk.use !== undefined && jwk.use !== 'sig') return 'its use is not sig'
  if (jwk.kid !== undefined && typeof jwk.kid !== 'string') return 'its kid is not a string'
  if (jwk.key_ops !== undefined && !mayVerify(jwk)) return 'its key_ops do not include verify'
  return undefined
}

/** What a private key may sign, its public half may verify. */
function mayVerify(jwk: JWK): boolean {
  if (!Array.isArray(jwk.key_ops)) return false
  const isPrivate = jwk.kty !== 'oct' && jwk.d !== undefined
  return jwk.key_ops.includes('verify') || (isPrivate && jwk.key_ops.includes('sign'))
}

async function importSecret(jwk: JWK, rules: AlgorithmRules & { kty: 'oct' }): Promise<CryptoKey> {
  const secret = decodeMember(jwk.k)
  if (secret.byteLength < rules.signatureBytes)
    throw refusal(`it is shorter than ${rules.signatureBytes} bytes`)
  return crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: rules.hash }, false, ['verify'])
}

async function importPublic(
  jwk: JWK,
  algorithm: JwsAlgorithm,
  rules: AlgorithmRules & { kty: keyof typeof PUBLIC_MEMBERS },
): Promise<CryptoKey> {
  if (rules.kty === 'RSA') refuseWeakRsa(jwk)
  const members = PUBLIC_MEMBERS[rules.kty].map((name) => [name, jwk[name]])
  try {
    return (await importJWK({ kty: rules.kty, ...Object.fromEntries(members) }, algorithm)) as CryptoKey
  } catch (cause) {
    throw refusal('it is not a valid key', cause)
  }
}

function refuseWeakRsa(jwk: JWK): void {
  const modulus = integerOf(decodeMember(jwk.n))
  const exponent = integerOf(decodeMember(jwk.e))
  if (modulus.toString(2).length < MIN_RSA_BITS) throw refusal(`it has fewer than ${MIN_RSA_BITS} bits`)
  if (exponent < 3n || exponent % 2n === 0n) throw refusal('its public exponent is not an odd number above 1')
  if (isRocaModulus(modulus)) throw refusal('its modulus is of the kind that CVE-2017-15361 breaks')
}

function decodeMember(value: unknown): Uint8Array {
  const bytes = typeof value === 'string' ? decodeBase64url(value) : undefined
  if (!bytes?.byteLength) throw refusal('a member is missing or not base64url')
  return bytes
}

function integerOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

function refusal(reason: string, cause?: unknown): JwsError {
  return new JwsError('jws_key_refused', `The key is refused: ${reason}`, cause)
}
