import { describe, expect, it } from 'vitest'
import { verifyToken } from '../../src/tokens/token-kind.js'
import { gateFixture, refusalOf, SIGNING_SECRET } from '../gate/gate-fixture.js'

const account = 'user@example.com'

async function signed(claims: Record<string, unknown> = {}, typ = 'at+jwt') {
  const fixture = await gateFixture()
  const { context, clock } = fixture
  const seconds = Math.floor(clock.now / 1000)
  const { issuer, audience } = context.options
  const token = await context.keys.sign(
    {
      iss: issuer,
      aud: audience,
      sub: account,
      client_id: 'portcullis',
      jti: 'id',
      iat: seconds,
      exp: seconds + 600,
      scope: 'api',
      ...claims,
    },
    typ,
  )
  return { ...fixture, token, seconds }
}

describe('an access token', () => {
  it.each(['JWT', 'rt+jwt', 'logout+jwt', 'id+jwt', 'state+jwt', 'at', ''])(
    'is not what a token of typ %j is taken for (RFC 8725 §3.11)',
    async (typ) => {
      const { context, token } = await signed({}, typ)
      expect(refusalOf(await verifyToken(context, token))).toBe('token_invalid')
    },
  )

  it.each(['iss', 'aud', 'sub', 'jti', 'iat', 'exp'])('needs %s', async (claim) => {
    const { context, token } = await signed({ [claim]: undefined })
    expect(refusalOf(await verifyToken(context, token))).toBe('token_invalid')
  })

  it.each([
    ['iss', 'https://other.test'],
    ['aud', 'https://other.test'],
    ['aud', []],
    ['sub', 'User@Example.com'],
    ['sub', 7],
    ['jti', ''],
    ['exp', 1e300],
    ['exp', 1_900_000_000.5],
    ['exp', '1900000000'],
    ['nbf', 0.5],
    ['nbf', null],
    ['iat', -1],
    ['scope', ['api']],
    ['client_id', 7],
  ])('is refused when %s is %j', async (claim, value) => {
    const { context, token } = await signed({ [claim]: value })
    expect(refusalOf(await verifyToken(context, token))).toBe('token_invalid')
  })

  it('is good without client_id, as tokens that were issued before tokens named one', async () => {
    const { context, token } = await signed({ client_id: undefined })
    expect((await verifyToken(context, token)).ok).toBe(true)
  })

  it('may be for several audiences, ours among them', async () => {
    const { context, token } = await signed({ aud: ['https://other.test', 'https://gate.test'] })
    expect((await verifyToken(context, token)).ok).toBe(true)
  })

  it('may be 30 s ahead of our clock and no more', async () => {
    const { context, token, clock, seconds } = await signed({ nbf: Date.UTC(2026, 0, 1) / 1000 + 100 })
    clock.now = (seconds + 70) * 1000
    expect((await verifyToken(context, token)).ok).toBe(true)
    clock.now = (seconds + 70) * 1000 - 1
    expect(refusalOf(await verifyToken(context, token))).toBe('token_invalid')
  })

  it('expires on time also when its signature is remembered', async () => {
    const { context, token, clock, seconds } = await signed()
    expect((await verifyToken(context, token)).ok).toBe(true)
    expect(context.proofs.get(token)?.value).toMatchObject({ expiresAt: (seconds + 600) * 1000 })
    clock.now = (seconds + 600) * 1000
    expect(refusalOf(await verifyToken(context, token))).toBe('token_expired')
  })

  it('is remembered only once it was proven', async () => {
    const { context, token } = await signed()
    const forged = `${token.slice(0, -4)}AAAA`
    expect((await verifyToken(context, forged)).ok).toBe(false)
    expect(context.proofs.get(forged)).toBeUndefined()
  })

  it('of a gate with the same key but another audience is refused (RFC 8725 §3.9)', async () => {
    const { token } = await signed()
    const other = await gateFixture({
      publicUrl: 'https://other.test',
      keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    })
    expect(refusalOf(await verifyToken(other.context, token))).toBe('token_invalid')
  })
})
