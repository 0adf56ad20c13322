import { CompactSign, type CryptoKey, type JWK } from 'jose'
import { isSecret } from '../crypto/secrets.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { checkMembers } from '../input/check.js'
import { checkedByValue, isObject, type Kind, type Shape } from '../input/kinds.js'
import { proveJws, type VerifiedJws } from './prove.js'
import { importSigningKey, type RingKey, type SigningKeyOptions } from './signing-key.js'

const MATERIALS = ['secret', 'privateKey', 'publicKey'] as const

const MEMBERS: Shape<Record<'algorithm' | 'kid' | (typeof MATERIALS)[number], unknown>> = {
  algorithm: checkedByValue,
  kid: checkedByValue,
  secret: (name, value, problems) => {
    if (!isSecret(value)) problems.push(`${name}: give a text or bytes`)
  },
  privateKey: pemOrJwk,
  publicKey: pemOrJwk,
}

/** Of what kind a signing key is; whether it can be used is found out where keys are imported. */
export const SIGNING_KEY: Kind<SigningKeyOptions> = (name, value, problems) => {
  checkMembers(value as object, MEMBERS, problems, { name })
  if (isObject(value) && MATERIALS.every((material) => value[material] === undefined))
    problems.push(`${name}: give one of ${MATERIALS.join(', ')}`)
}

function pemOrJwk(name: string, value: unknown, problems: string[]): void {
  const isJwk = isObject(value) && typeof value.kty === 'string'
  if (!isJwk && typeof value !== 'string') problems.push(`${name}: give PEM as a text, or a JWK`)
}

export type { SigningKeyOptions } from './signing-key.js'

/** The keys of the tokens: the first signs, all verify, each with its own algorithm only (RFC 8725 §3.1–3.2). */
export interface KeyRing {
  /** Signs claims as a compact JWS with the header `{alg, kid, typ}` (RFC 8725 §3.11). */
  sign(payload: Readonly<Record<string, unknown>>, typ: string): Promise<string>
  /**
   * Proves a compact JWS of at most 16,384 characters by the key that its `kid` names. Rejects with a `JwsError`, as
   * `verifyJws` does; one without `kid` is `jws_key_unknown`.
   */
  verify(compact: string): Promise<VerifiedJws>
  /** The public keys as a JWK Set (RFC 7517 §5). Never a secret, never a private member. */
  jwks(): { readonly keys: readonly JWK[] }
}

const MAX_LENGTH = 16_384
const UTF8 = new TextEncoder()

/**
 * Reads the keys once, at the start. Throws `PortcullisError` `configuration_invalid` that names every problem of every
 * key and quotes none: a secret under 32 bytes, a placeholder or a repetition; a key that is unreadable, too weak or of
 * the wrong kind for its algorithm; two of one `kid`; a first key that cannot sign.
 */
export async function keyRing(options: readonly SigningKeyOptions[]): Promise<KeyRing> {
  const { keys, signing } = await importAll(options)
  const byKid = new Map(keys.map((key) => [key.kid, [key.verification]]))
  const published = keys.flatMap(({ publicJwk }) => (publicJwk ? [publicJwk] : []))
  const { algorithm: alg, kid } = signing
  return {
    sign: (payload, typ) =>
      new CompactSign(UTF8.encode(JSON.stringify(payload)))
        .setProtectedHeader({ alg, kid, typ })
        .sign(signing.key),
    verify: (compact) =>
      proveJws(compact, { maxLength: MAX_LENGTH, keysFor: (header) => byKid.get(header.kid ?? '') ?? [] }),
    jwks: () => ({ keys: published.map((key) => ({ ...key })) }),
  }
}

/**
 * What is wrong with signing keys, such as those that were read from files, each as `keys[INDEX]: …`: every problem that
 * `createGate` would name. Quotes nothing of a key.
 */
export async function checkSigningKeys(keys: readonly SigningKeyOptions[]): Promise<readonly string[]> {
  try {
    await importAll(keys)
    return []
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    return error.problems
  }
}

interface SigningKey {
  readonly algorithm: string
  readonly kid: string
  readonly key: CryptoKey
}

async function importAll(
  options: readonly SigningKeyOptions[],
): Promise<{ keys: readonly RingKey[]; signing: SigningKey }> {
  const given = Array.isArray(options) ? options : []
  const outcomes = await Promise.allSettled(given.map((key) => importSigningKey({ ...key })))
  const keys = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const problems = outcomes.flatMap((outcome, index) => {
    if (outcome.status === 'fulfilled') return []
    return [`keys[${index}]: ${(outcome.reason as Error).message}`]
  })
  const kids = keys.map(({ kid }) => kid)
  const repeated = new Set(kids.filter((kid, index) => kids.indexOf(kid) !== index))
  for (const kid of repeated) problems.push(`keys: more than one has the kid ${JSON.stringify(kid)}`)
  const signing = signingKeyOf(outcomes[0], problems)
  if (!signing || problems.length > 0)
    throw new PortcullisError('configuration_invalid', `The keys cannot be used: ${problems.join('; ')}`, {
      problems,
    })
  return { keys, signing }
}

function signingKeyOf(
  first: PromiseSettledResult<RingKey> | undefined,
  problems: string[],
): SigningKey | undefined {
  if (!first) problems.push('keys: give at least one')
  if (first?.status !== 'fulfilled') return undefined
  const { kid, signing: key, verification } = first.value
  if (!key) problems.push('keys[0]: the first key signs; give its privateKey')
  return key && { algorithm: verification.algorithm, kid, key }
}
