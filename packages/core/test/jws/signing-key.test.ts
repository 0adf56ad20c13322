import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { importSigningKey, type SigningKeyOptions } from '../../src/jws/signing-key.js'
import { SIGNING_SECRET } from '../gate/gate-fixture.js'

const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' }) as JWK
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')

async function problemOf(options: unknown): Promise<string> {
  return importSigningKey(options as SigningKeyOptions).then(
    () => 'accepted',
    (error: Error) => error.message,
  )
}

describe('a key of the ring', () => {
  it('is named by its thumbprint unless it has a name (RFC 7638)', async () => {
    const jwk = jwkOf(ec.privateKey)
    const kid = async (privateKey: JWK, more = {}) =>
      (await importSigningKey({ algorithm: 'ES256', privateKey, ...more })).kid
    expect(await kid(jwk)).toBe(await calculateJwkThumbprint(jwk))
    expect(await kid({ ...jwk, kid: 'of the key' })).toBe('of the key')
    expect(await kid({ ...jwk, kid: 'of the key' }, { kid: 'of the options' })).toBe('of the options')
  })

  it('has the same name as its public half', async () => {
    const signs = await importSigningKey({ algorithm: 'EdDSA', privateKey: jwkOf(ed.privateKey) })
    const spki = ed.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const verifies = await importSigningKey({ algorithm: 'EdDSA', publicKey: spki })
    expect(verifies.kid).toBe(signs.kid)
    expect(verifies.signing).toBeUndefined()
    expect(verifies.publicJwk).toEqual(signs.publicJwk)
  })

  it('may be a secret of text or of the same bytes', async () => {
    const text = await importSigningKey({ algorithm: 'HS256', secret: SIGNING_SECRET })
    const bytes = await importSigningKey({ algorithm: 'HS256', secret: Buffer.from(SIGNING_SECRET) })
    expect(bytes.kid).toBe(text.kid)
    expect(text.publicJwk).toBeUndefined()
  })

  it.each([
    [
      'a member of another pair',
      {
        algorithm: 'ES256',
        privateKey: {
          ...jwkOf(ec.privateKey),
          d: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey).d,
        },
      },
      /belong together/,
    ],
    ['another purpose', { algorithm: 'ES256', privateKey: { ...jwkOf(ec.privateKey), use: 'enc' } }, /use/],
    [
      'operations without sign',
      { algorithm: 'ES256', privateKey: { ...jwkOf(ec.privateKey), key_ops: ['verify'] } },
      /key_ops do not include sign/,
    ],
    [
      'operations without verify',
      { algorithm: 'ES256', publicKey: { ...jwkOf(ec.publicKey), key_ops: ['sign'] } },
      /key_ops do not include verify/,
    ],
    [
      'another algorithm in it',
      { algorithm: 'ES256', privateKey: { ...jwkOf(ec.privateKey), alg: 'ES384' } },
      /alg/,
    ],
    [
      'another curve',
      {
        algorithm: 'ES256',
        privateKey: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
      },
      /P-256/,
    ],
    [
      'a public key where it should sign',
      { algorithm: 'ES256', privateKey: jwkOf(ec.publicKey) },
      /privateKey/,
    ],
    [
      'a private JWK where it should verify',
      { algorithm: 'ES256', publicKey: jwkOf(ec.privateKey) },
      /private key/,
    ],
    [
      'private PEM where it should verify',
      { algorithm: 'ES256', publicKey: ec.privateKey.export({ type: 'pkcs8', format: 'pem' }) },
      /private key/,
    ],
    [
      'an encrypted PEM',
      {
        algorithm: 'ES256',
        privateKey: ec.privateKey.export({
          type: 'pkcs8',
          format: 'pem',
          cipher: 'aes-256-cbc',
          passphrase: 'x',
        }),
      },
      /unencrypted/,
    ],
    [
      'both halves apart',
      { algorithm: 'ES256', privateKey: jwkOf(ec.privateKey), publicKey: jwkOf(ec.publicKey) },
      /not both/,
    ],
    ['no key', { algorithm: 'ES256' }, /missing/],
    [
      'an asymmetric key for HS256',
      { algorithm: 'HS256', privateKey: jwkOf(ec.privateKey) },
      /takes a secret/,
    ],
    ['a secret for RS256', { algorithm: 'RS256', secret: SIGNING_SECRET }, /missing/],
    ['no algorithm', { secret: SIGNING_SECRET }, /algorithm must be/],
    ['the algorithm none', { algorithm: 'none', secret: SIGNING_SECRET }, /algorithm must be/],
    ['an empty name', { algorithm: 'HS256', secret: SIGNING_SECRET, kid: '' }, /kid/],
    ['a name with a line break', { algorithm: 'HS256', secret: SIGNING_SECRET, kid: 'a\nb' }, /kid/],
    [
      'a name in the key that is too long',
      { algorithm: 'ES256', privateKey: { ...jwkOf(ec.privateKey), kid: 'x'.repeat(129) } },
      /kid/,
    ],
  ])('with %s stops the start', async (_, options, problem) => {
    expect(await problemOf(options)).toMatch(problem)
  })

  it.each([
    '',
    'short',
    'x'.repeat(31),
    'é'.repeat(15),
    'a'.repeat(64),
    'changeme'.repeat(4),
    'CHANGEME-0123456789-0123456789-abcdef',
    'your-256-bit-secret-your-256-bit-secret',
    'your-super-secret-jwt-token-with-at-least-32-characters-long',
    'secret'.padEnd(32, '0123456789'),
    '12345678901234567890123456789012',
    '0123456789abcdef0123456789abcdef',
    'correct horse battery '.repeat(3),
  ])('of the secret %j stops the start', async (secret) => {
    expect(await problemOf({ algorithm: 'HS256', secret })).toMatch(/^the secret is (shorter|a )/)
    expect(await problemOf({ algorithm: 'HS256', secret: Buffer.from(secret) })).toMatch(
      /^the secret is (shorter|a )/,
    )
  })
})
