import { describe, expect, it } from 'vitest'
import {
  fetchesOfKeys,
  goodClaims,
  signed,
  testKey,
  trustedIssuer,
} from '../external-tokens/issuer-fixture.js'
import { refusalOf } from '../gate/gate-fixture.js'

describe('a key', () => {
  it('is passed over when it is for encryption, private, a secret, weak or broken, and the good one beside it works', async () => {
    const { verify, token, server, key, events } = await trustedIssuer()
    const other = await testKey('other')
    const bad: unknown[] = [
      { ...other.jwk, use: 'enc' },
      { ...other.jwk, d: 'AAAA' },
      { ...other.jwk, d: undefined, key_ops: ['encrypt'] },
      { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url'), kid: 'other', alg: 'HS256' },
      { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'other' },
      { ...other.jwk, x: 'AAAA' },
      { ...other.jwk, alg: 'ES384' },
      { ...other.jwk, kid: 7 },
      null,
      'key',
      [],
    ]
    server.keys = [...bad, key.jwk]
    expect((await verify(await token())).ok).toBe(true)
    expect(refusalOf(await verify(await signed(other, goodClaims(server.issuer))))).toBe('token_invalid')
    expect(events.find(({ code }) => code === 'trusted_issuer_keys')?.detail).toContain(
      '1 can be used and 11',
    )
  })

  it('that does not name its algorithm serves those that are allowed and fit it', async () => {
    const { verify, token, server, key } = await trustedIssuer()
    const { alg: _, use: __, ...members } = key.jwk
    server.keys = [members]
    expect((await verify(await token())).ok).toBe(true)
  })

  it('is found without a kid only when it is the one that fits', async () => {
    const { verify, server, key } = await trustedIssuer()
    const rsa = await testKey('rsa', 'RS256')
    const claims = goodClaims(server.issuer)
    const anonymous = await signed({ ...key, kid: undefined }, claims)
    server.keys = [key.jwk, rsa.jwk]
    expect((await verify(anonymous)).ok).toBe(true)
    const two = await trustedIssuer()
    two.server.keys = [two.key.jwk, (await testKey('second')).jwk]
    const ambiguous = await signed({ ...two.key, kid: undefined }, goodClaims(two.server.issuer))
    expect(refusalOf(await two.verify(ambiguous))).toBe('token_invalid')
    expect(fetchesOfKeys(two.server)).toBe(1)
  })
})
