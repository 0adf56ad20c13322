import { createHmac, createPublicKey } from 'node:crypto'
import { UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { verifyExternalToken } from '../../src/external-tokens/verify.js'
import { must, refusalOf } from '../gate/gate-fixture.js'
import {
  AUDIENCE,
  claimed,
  goodClaims,
  issuerServer,
  SECONDS,
  signed,
  testKey,
  trust,
  trustedIssuer,
} from './issuer-fixture.js'

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a token of a trusted issuer', () => {
  it('is let in, found by its iss, with keys found by discovery', async () => {
    const { verify, token, server } = await trustedIssuer()
    expect(must(await verify(await token()))).toMatchObject({
      accountId: 'ann@example.com',
      email: 'ann@example.com',
      role: 'user',
      issuedAt: SECONDS * 1000,
      expiresAt: (SECONDS + 600) * 1000,
    })
    expect(server.requests).toEqual(['/.well-known/openid-configuration', '/keys'])
  })

  it.each(['RS256', 'PS384', 'ES512', 'EdDSA'])(
    'may be signed with %s where that is allowed',
    async (alg) => {
      const server = await issuerServer()
      const key = await testKey('k', alg)
      server.keys = [key.jwk]
      const { verify } = trust([
        {
          issuer: server.issuer,
          audience: AUDIENCE,
          algorithms: ['RS256', 'PS384', 'ES512', 'EdDSA'],
        },
      ])
      expect((await verify(await signed(key, goodClaims(server.issuer)))).ok).toBe(true)
    },
  )

  it('is refused when the keys of another trusted issuer made it (RFC 8725 §3.8)', async () => {
    const [a, b] = await Promise.all([issuerServer(), issuerServer()])
    const [keyOfA, keyOfB] = await Promise.all([testKey('same'), testKey('same')])
    a.keys = [keyOfA.jwk]
    b.keys = [keyOfB.jwk]
    const { verify } = trust([a, b].map(({ issuer }) => ({ issuer, audience: AUDIENCE })))
    expect((await verify(await signed(keyOfA, goodClaims(a.issuer)))).ok).toBe(true)
    expect((await verify(await signed(keyOfB, goodClaims(b.issuer)))).ok).toBe(true)
    expect(refusalOf(await verify(await signed(keyOfB, goodClaims(a.issuer))))).toBe('token_invalid')
    expect(refusalOf(await verify(await signed(keyOfA, goodClaims(b.issuer))))).toBe('token_invalid')
  })

  it('is refused by an issuer that it does not name, though both share their keys and it is remembered', async () => {
    const server = await issuerServer()
    const key = await testKey('k')
    server.keys = [key.jwk]
    const jwksUri = `${server.issuer}/keys`
    const { trusted, verify } = trust(
      ['https://a.test', 'https://b.test'].map((issuer) => ({ issuer, audience: AUDIENCE, jwksUri })),
    )
    const ofA = await signed(key, goodClaims('https://a.test'))
    const b = claimed(trusted, await signed(key, goodClaims('https://b.test')))
    expect((await verify(ofA)).ok).toBe(true)
    expect(refusalOf(await verifyExternalToken(b, ofA))).toBe('token_invalid')
    expect((await verify(ofA)).ok).toBe(true)
  })

  it('is refused without a question to the issuer for HS256, none, jwk, jku, x5u, crit and a foreign typ', async () => {
    const { verify, token, server, key } = await trustedIssuer()
    const headers = [
      { jwk: key.jwk },
      { jku: `${server.issuer}/keys` },
      { x5u: 'https://evil.test' },
      { x5c: ['a'] },
      { typ: 'logout+jwt' },
      { typ: 'secevent+jwt' },
      { typ: 'rt+jwt' },
      { typ: '' },
      { typ: 'application/jwt' },
    ]
    for (const header of headers)
      expect(refusalOf(await verify(await token({}, header)))).toBe('token_invalid')
    const claims = goodClaims(server.issuer)
    expect(refusalOf(await verify(new UnsecuredJWT(claims).encode()))).toBe('token_malformed')
    for (const alg of ['none', 'None', 'HS256', 'PS256', 'ES384', 'RSA1_5'])
      expect(
        refusalOf(await verify(`${base64url({ alg, kid: 'first' })}.${base64url(claims)}.c2lnbmF0dXJl`)),
      ).toBe('token_invalid')
    expect(server.requests).toEqual([])
  })

  it('is refused as HS256 with the public key as secret (RFC 8725 §2.1)', async () => {
    const server = await issuerServer()
    const rsa = await testKey('k', 'RS256')
    server.keys = [rsa.jwk]
    const { verify } = trust([{ issuer: server.issuer, audience: AUDIENCE }])
    const publicKey = createPublicKey({ key: { ...rsa.jwk }, format: 'jwk' })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const input = `${base64url({ alg: 'HS256', kid: 'k' })}.${base64url(goodClaims(server.issuer))}`
    for (const secret of [pem, pem.trim(), JSON.stringify(rsa.jwk), rsa.jwk.n ?? '']) {
      const mac = createHmac('sha256', secret).update(input).digest('base64url')
      expect(refusalOf(await verify(`${input}.${mac}`))).toBe('token_invalid')
    }
  })

  it.each([undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+jwt'])('may be of typ %j', async (typ) => {
    const { verify, token } = await trustedIssuer()
    expect((await verify(await token({}, typ === undefined ? {} : { typ }))).ok).toBe(true)
  })

  it.each([
    ['aud', 'https://other.test'],
    ['aud', undefined],
    ['aud', []],
    ['aud', [['https://gate.test']]],
    ['aud', { 'https://gate.test': true }],
    ['exp', undefined],
    ['exp', 1e300],
    ['exp', SECONDS + 600.5],
    ['exp', `${SECONDS + 600}`],
    ['iat', undefined],
    ['iat', -1],
    ['iat', null],
    ['nbf', null],
    ['nbf', SECONDS + 0.5],
    ['jti', ''],
    ['jti', 7],
  ])('is refused when %s is %j', async (claim, value) => {
    const { verify, token } = await trustedIssuer()
    expect(refusalOf(await verify(await token({ [claim]: value })))).toBe('token_invalid')
  })

  it('may be for several audiences, one of ours among them', async () => {
    const { verify, token } = await trustedIssuer({ audience: ['https://one.test', AUDIENCE] })
    expect((await verify(await token({ aud: ['https://other.test', AUDIENCE] }))).ok).toBe(true)
    expect((await verify(await token({ aud: 'https://one.test' }))).ok).toBe(true)
  })

  it('is malformed with a payload that two parsers could read differently', async () => {
    const { trusted, token, server, key } = await trustedIssuer()
    const header = base64url({ alg: 'ES256', kid: 'first' })
    const text = JSON.stringify(goodClaims(server.issuer)).replace('{', '{"email":"root@example.com",')
    const input = `${header}.${Buffer.from(text).toString('base64url')}`
    const signature = await crypto.subtle.sign(
      { name: 'ECDSA', hash: 'SHA-256' },
      key.privateKey,
      Buffer.from(input),
    )
    const compact = `${input}.${Buffer.from(signature).toString('base64url')}`
    expect(trusted.claimedBy(compact)).toBeUndefined()
    const issuer = claimed(trusted, await token())
    expect(refusalOf(await verifyExternalToken(issuer, compact))).toBe('token_malformed')
  })
})

describe('the leeway', () => {
  it.each([0, 30, 60])('of %i s is granted to exp to the millisecond', async (leewaySeconds) => {
    const { verify, token, clock } = await trustedIssuer({ leewaySeconds })
    const compact = await token()
    clock.now = (SECONDS + 600 + leewaySeconds) * 1000 - 1
    expect((await verify(compact)).ok).toBe(true)
    clock.advance(1)
    expect(refusalOf(await verify(compact))).toBe('token_expired')
    expect(refusalOf(await verify(compact))).toBe('token_expired')
  })

  it.each(['nbf', 'iat'])('is granted to %s to the millisecond', async (claim) => {
    const { verify, token, clock } = await trustedIssuer()
    const compact = await token({ [claim]: SECONDS + 30 })
    clock.advance(-1)
    expect(refusalOf(await verify(compact))).toBe('token_invalid')
    clock.advance(1)
    expect((await verify(compact)).ok).toBe(true)
  })
})

describe('what claims a token', () => {
  it('is never more than its unproven iss, and never throws', async () => {
    const { trusted, token, server } = await trustedIssuer()
    expect(trusted.claimedBy(await token())?.options.issuer).toBe(server.issuer)
    for (const iss of [
      `${server.issuer}/`,
      server.issuer.toUpperCase(),
      [server.issuer],
      null,
      undefined,
      '__proto__',
    ])
      expect(trusted.claimedBy(await token({ iss }))).toBeUndefined()
    for (const text of [
      '',
      '.',
      '..',
      'a.b.c',
      'a.!!.c',
      `a.${base64url([])}.c`,
      'x'.repeat(100_000),
      '😀.😀.😀',
    ])
      expect(trusted.claimedBy(text)).toBeUndefined()
    expect(server.requests).toEqual([])
  })
})

describe('the id of a token', () => {
  it('is the same for one jti of one issuer, whatever else the token says', async () => {
    const { verify, token } = await trustedIssuer()
    const one = must(await verify(await token()))
    expect(must(await verify(await token({ name: 'Ann' }))).id).toBe(one.id)
    expect(must(await verify(await token({ jti: 'other' }))).id).not.toBe(one.id)
    const another = await trustedIssuer()
    expect(must(await another.verify(await another.token())).id).not.toBe(one.id)
  })

  it('without a jti does not change with another valid spelling of the ECDSA signature', async () => {
    const { verify, token } = await trustedIssuer()
    const compact = await token({ jti: undefined })
    const [header, payload, signature = ''] = compact.split('.')
    const bytes = Buffer.from(signature, 'base64url')
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
    const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
    const twin = `${header}.${payload}.${other.toString('base64url')}`
    expect(twin).not.toBe(compact)
    expect(must(await verify(twin)).id).toBe(must(await verify(compact)).id)
    expect(must(await verify(await token({ jti: undefined, name: 'Ann' }))).id).not.toBe(
      must(await verify(compact)).id,
    )
  })
})
