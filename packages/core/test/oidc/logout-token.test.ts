import { generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { IdentityProvider } from '../../src/login/identity-provider.js'
import {
  CLIENT,
  EVENT,
  type ProviderFixture,
  startProvider,
  type TokenToSign,
} from '../back-channel-logout/fixture.js'

const now = Date.UTC(2026, 0, 1)
let idp: ProviderFixture

beforeAll(async () => {
  idp = await startProvider()
})
afterAll(() => idp.stop())

function verify(compact: string, { provider }: { provider: IdentityProvider } = idp) {
  if (!provider.verifyLogoutToken) throw new Error('takes no logout tokens')
  return provider.verifyLogoutToken(compact)
}

const signed = async (token?: TokenToSign) => verify(await idp.sign(now, token))

describe('a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4)', () => {
  it('tells whose sessions have ended, and which', async () => {
    expect(await signed({ claims: { sid: 's', jti: 'one' } })).toEqual({
      issuer: idp.issuer,
      id: 'one',
      subject: 'subject',
      sessionId: 's',
      issuedAt: now,
      expiresAt: now + 120_000,
    })
    const anonymous = { sub: undefined, exp: undefined, sid: 's' }
    expect(await signed({ claims: anonymous })).not.toHaveProperty('subject')
  })

  it.each([['logout+jwt'], ['LOGOUT+JWT'], ['application/logout+jwt'], ['JWT'], [undefined]])(
    'may have the typ %s',
    async (typ) => {
      await signed({ header: { typ } })
    },
  )

  it.each<[string, TokenToSign]>([
    ['of another issuer', { claims: { iss: 'https://other.test' } }],
    ['for another client', { claims: { aud: 'other' } }],
    ['for another client too', { claims: { aud: [CLIENT, 'other'] } }],
    ['for nobody', { claims: { aud: [] } }],
    ['without jti', { claims: { jti: undefined } }],
    ['with an empty jti', { claims: { jti: '' } }],
    ['without iat', { claims: { iat: undefined } }],
    ['with an iat that is text', { claims: { iat: '1767225600' } }],
    ['with an exp that is text', { claims: { exp: '1767225600' } }],
    ['about nobody', { claims: { sub: undefined } }],
    ['about a subject that is a number', { claims: { sub: 7 } }],
    ['about a session that is a list', { claims: { sid: ['s'] } }],
    ['without events', { claims: { events: undefined } }],
    ['with another event', { claims: { events: { 'https://other.test/event': {} } } }],
    ['with another event beside it', { claims: { events: { [EVENT]: {}, other: {} } } }],
    ['with an event that is no object', { claims: { events: { [EVENT]: true } } }],
    ['with a list of events', { claims: { events: [EVENT] } }],
    ['with a nonce', { claims: { nonce: 'n' } }],
    ['with a nonce that is null', { claims: { nonce: null } }],
    ['that is an access token', { header: { typ: 'at+jwt' } }],
    ['that is another security event', { header: { typ: 'secevent+jwt' } }],
    ['that is an ID token', { claims: { nonce: 'n', events: undefined, sid: 's' }, header: { typ: 'JWT' } }],
    ['by an unknown key', { header: { kid: 'unheard-of' } }],
  ])('%s is refused', async (_, token) => {
    await expect(signed(token)).rejects.toMatchObject({ code: 'logout_refused' })
  })

  it('is refused when it is not signed by the provider, whatever it is signed with', async () => {
    const [, payload, signature] = (await idp.sign(now)).split('.')
    const header = (members: object) => Buffer.from(JSON.stringify(members)).toString('base64url')
    const modulus = Buffer.from(String(idp.keys[0]?.n), 'base64url')
    const forgeries = [
      await idp.sign(now, { key: (await generateKeyPair('RS256')).privateKey }),
      await idp.sign(now, { key: modulus, header: { alg: 'HS256' } }),
      `${header({ alg: 'none' })}.${payload}.`,
      `${header({ alg: 'none' })}.${payload}.${signature}`,
      `${header({ alg: 'RS256', kid: 'k1', jwk: idp.keys[0] })}.${payload}.${signature}`,
      '',
      'x',
    ]
    for (const forgery of forgeries)
      await expect(verify(forgery)).rejects.toMatchObject({ code: 'logout_refused' })
  })

  it('by a new key is taken without a restart, and a flood of unknown keys makes one fetch', async () => {
    const rotating = await startProvider()
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      await verify(await rotating.sign(now), rotating)
      await rotating.rotate()
      const unknown = await rotating.sign(now)
      await expect(verify(unknown, rotating)).rejects.toMatchObject({ code: 'logout_refused' })
      expect(rotating.fetches()).toBe(1)
      vi.setSystemTime(Date.now() + 30_000)
      const flood = [0, 1, 2, 3, 4].map((round) =>
        rotating.sign(now, { header: { kid: `unheard-of-${round}` } }),
      )
      const outcomes = await Promise.allSettled(flood.map(async (token) => verify(await token, rotating)))
      expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('rejected'))
      expect(await verify(unknown, rotating)).toMatchObject({ subject: 'subject' })
      expect(rotating.fetches()).toBe(2)
    } finally {
      vi.useRealTimers()
      await rotating.stop()
    }
  })

  it('is neither taken nor refused while the provider’s keys are out of reach', async () => {
    const down = await startProvider()
    const token = await down.sign(now)
    await down.stop()
    await expect(verify(token, down)).rejects.toMatchObject({ code: 'provider_unavailable' })
  })
})
