import { generateKeyPairSync } from 'node:crypto'
import type { JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { importVerificationKey, isRocaModulus } from '../../src/jws/verification-key.js'
import { VECTORS } from './rfc-vectors.js'

function vectorKey(source: string): JWK {
  const vector = VECTORS.find((candidate) => candidate.source === source)
  if (!vector) throw new Error(`no vector ${source}`)
  return vector.key
}

const RSA = vectorKey('RFC 7515 A.2')
const EC = vectorKey('RFC 7515 A.3')
const ED = vectorKey('RFC 8037 A.4')
const bytesOf = (integer: bigint) => Buffer.from(integer.toString(16).padStart(522, '0'), 'hex')
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

async function expectRefused(jwk: JWK, algorithm: 'HS256' | 'RS256' | 'PS256' | 'ES256' | 'ES384' | 'EdDSA') {
  await expect(importVerificationKey(jwk, algorithm)).rejects.toMatchObject({
    name: 'JwsError',
    code: 'jws_key_refused',
  })
}

describe('a key', () => {
  it.each([
    ['another type', { ...EC, kty: 'RSA' }, 'ES256'],
    ['another curve than it says', { ...EC, crv: 'P-384' }, 'ES384'],
    ['another curve than the algorithm’s', EC, 'ES384'],
    ['a point off its curve', { ...EC, y: EC.x }, 'ES256'],
    ['a coordinate too few', { kty: 'EC', crv: 'P-256', x: EC.x }, 'ES256'],
    ['a coordinate too short', { ...EC, x: EC.x?.slice(0, -2) }, 'ES256'],
    ['another algorithm', { ...RSA, alg: 'RS512' }, 'RS256'],
    ['an algorithm that does not exist', { ...EC, alg: 'ES521' }, 'ES256'],
    ['encryption in its use', { ...RSA, use: 'enc' }, 'RS256'],
    ['no verify among its operations', { ...RSA, key_ops: ['sign'] }, 'RS256'],
    ['operations in one text', { ...RSA, key_ops: 'verify' as unknown as string[] }, 'RS256'],
    ['a name that is no text', { ...RSA, kid: 7 as unknown as string }, 'RS256'],
    ['a point too short for Ed25519', { ...ED, x: ED.x?.slice(0, -4) }, 'EdDSA'],
    ['the public exponent 1', { ...RSA, e: 'AQ' }, 'RS256'],
    ['an even public exponent', { ...RSA, e: 'AQAA' }, 'PS256'],
    ['no modulus', { kty: 'RSA', e: 'AQAB' }, 'RS256'],
    ['a modulus that is no base64url', { ...RSA, n: `${RSA.n}=` }, 'RS256'],
    ['a secret that is a list', { kty: 'oct', k: ['x'] as unknown as string }, 'HS256'],
  ] as const)('with %s is refused', async (_, jwk, algorithm) => {
    await expectRefused(jwk as JWK, algorithm)
  })

  it('may name what it is for', async () => {
    const named = { ...RSA, alg: 'RS256', use: 'sig', key_ops: ['verify'], kid: 'a' }
    expect(await importVerificationKey(named, 'RS256')).toMatchObject({ algorithm: 'RS256', kid: 'a' })
  })

  it('of RSA is refused under 2048 bits (RFC 7518 §3.3)', async () => {
    const jwk = (modulusLength: number) =>
      generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' }) as JWK
    await expectRefused(jwk(2040), 'RS256')
    await importVerificationKey(jwk(2048), 'RS256')
  })

  it('of RSA is not taken for longer by leading zeros', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const n = Buffer.from((publicKey.export({ format: 'jwk' }) as JWK).n ?? '', 'base64url')
    await expectRefused({ ...RSA, n: base64url(Buffer.concat([Buffer.alloc(256), n])) }, 'RS256')
  })

  it('whose private key can be computed from its modulus is refused (CVE-2017-15361)', async () => {
    const modulus = 65_537n ** 130n
    expect(isRocaModulus(modulus)).toBe(true)
    expect(isRocaModulus(modulus + 2n)).toBe(false)
    await expectRefused({ kty: 'RSA', e: 'AQAB', n: base64url(bytesOf(modulus)) }, 'RS256')
  })

  it('that is private is taken by its public half only', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const { key } = await importVerificationKey(privateKey.export({ format: 'jwk' }) as JWK, 'EdDSA')
    expect(key).toMatchObject({ type: 'public', usages: ['verify'] })
  })

  it('is named in no refusal', async () => {
    const k = base64url(Buffer.from('a-short-canary'))
    const error = await importVerificationKey({ kty: 'oct', k }, 'HS256').catch((cause: Error) => cause)
    expect(`${(error as Error).message}${(error as Error).stack}`).not.toMatch(
      new RegExp(`${k}|a-short-canary`),
    )
  })
})
