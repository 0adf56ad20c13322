import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiKeys } from '../../src/api-keys/plugin.js'
import { listAudit } from '../../src/audit/list.js'
import { backChannelLogout } from '../../src/back-channel-logout/plugin.js'
import type { GateContext } from '../../src/context/context.js'
import type { ProviderLogin } from '../../src/login/identity-provider.js'
import { oauth } from '../../src/oauth/plugin.js'
import { refreshTokens } from '../../src/oauth/refresh.js'
import { startSession } from '../../src/sessions/start.js'
import { memoryStore } from '../../src/store/memory.js'
import { must, refusalOf, withFaults } from '../gate/gate-fixture.js'
import { apiKeyOf, type HttpFixture, httpFixture, tokenOf } from '../http/http-fixture.js'
import { startFamilyOf } from '../oauth/oauth-fixture.js'
import { refusalWith } from '../scim/scim-fixture.js'
import { type ProviderFixture, startProvider, type TokenToSign } from './fixture.js'

const account = 'user@example.com'
let idp: ProviderFixture

beforeAll(async () => {
  idp = await startProvider()
})
afterAll(() => idp.stop())

interface Stage extends HttpFixture {
  send(token?: TokenToSign): Promise<Response>
  deliver(compact: string): Promise<Response>
  login(names?: { email?: string; subject?: string; sid?: string }): Promise<Record<string, string>>
}

async function stage(overrides: Parameters<typeof httpFixture>[0] = {}): Promise<Stage> {
  const fixture = await httpFixture({
    identityProvider: idp.provider,
    plugins: [apiKeys(), backChannelLogout(), oauth()],
    ...overrides,
  })
  const deliver = (compact: string) =>
    fixture.call('POST', '/oauth2/backchannel-logout', { form: { logout_token: compact } })
  return {
    ...fixture,
    deliver,
    send: async (token) => deliver(await idp.sign(fixture.clock.now, token)),
    async login({ email = account, subject = 'subject', sid } = {}) {
      const named = sid === undefined ? {} : { providerSessionId: sid }
      const facts = { email, groups: [], issuer: idp.issuer, subject, idToken: 't', ...named }
      const { cookieValue } = must(await startSession(fixture.context, facts))
      return { cookie: `__Host-portcullis_session=${cookieValue}` }
    },
  }
}

async function refresherOf(context: GateContext) {
  const { client, refreshToken } = await startFamilyOf(context, account)
  return async () => refusalOf(await refreshTokens(context, { refreshToken, client }))
}

describe('a back-channel logout of a subject', () => {
  it('ends its sessions, refresh tokens, tokens and API keys, and nobody else’s', async () => {
    const { context, login, send } = await stage()
    const sessions = [await login({ sid: 's1' }), await login(), await login({ sid: 's2' })]
    const others = [
      await login({ subject: 'other', email: 'other@example.com' }),
      await tokenOf(context, 'other@example.com', ['api']),
    ]
    const programs = [await tokenOf(context, account, ['api']), await apiKeyOf(context, account, ['api'])]
    const refresh = await refresherOf(context)
    const response = await send()
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
    for (const session of sessions) expect(await refusalWith(context, session)).toBe('session_invalid')
    expect(await refusalWith(context, programs[0] ?? {})).toBe('token_revoked')
    expect(await refusalWith(context, programs[1] ?? {})).toBe('api_key_invalid')
    expect(await refresh()).toBe('grant_invalid')
    for (const headers of others) expect(await refusalWith(context, headers)).toBeUndefined()
    const { items } = await listAudit(context, { limit: 1 })
    expect(items[0]).toMatchObject({
      action: 'account.provider_logout',
      actor: 'identity-provider',
      subject: account,
    })
  })

  it('leaves tokens and API keys alone where the gate says so, but no refresh token', async () => {
    const { context, login, send } = await stage({
      plugins: [apiKeys(), backChannelLogout({ ends: 'sessions' }), oauth()],
    })
    const session = await login()
    const programs = [await tokenOf(context, account, ['api']), await apiKeyOf(context, account, ['api'])]
    const refresh = await refresherOf(context)
    await send()
    expect(await refusalWith(context, session)).toBe('session_invalid')
    for (const headers of programs) expect(await refusalWith(context, headers)).toBeUndefined()
    expect(await refresh()).toBe('grant_invalid')
  })

  it('ends every account that the subject has had', async () => {
    const { context, login, send } = await stage()
    const sessions = [await login(), await login({ email: 'new@example.com' })]
    await send()
    for (const session of sessions) expect(await refusalWith(context, session)).toBe('session_invalid')
  })

  it('finds a subject that has not logged in for long', async () => {
    const { context, clock, login, send } = await stage()
    await login()
    const apiKey = await apiKeyOf(context, account, ['api'])
    clock.advance(400 * 86_400_000)
    await send()
    expect(await refusalWith(context, apiKey)).toBe('api_key_invalid')
  })

  it('lets log in again', async () => {
    const { context, clock, login, send } = await stage()
    await login()
    await send()
    clock.advance(1)
    expect(await refusalWith(context, await login())).toBeUndefined()
  })

  it('of somebody who is not known here is fine', async () => {
    const { send } = await stage()
    expect((await send({ claims: { sub: 'stranger' } })).status).toBe(200)
  })
})

describe('a back-channel logout of a session', () => {
  it('ends what began in it, and nothing else', async () => {
    const { context, login, send } = await stage()
    const ended = [await login({ sid: 's1' }), await login({ sid: 's1' })]
    const others = [await login({ sid: 's2' }), await login(), await tokenOf(context, account, ['api'])]
    expect((await send({ claims: { sid: 's1' } })).status).toBe(200)
    for (const session of ended) expect(await refusalWith(context, session)).toBe('session_invalid')
    for (const headers of others) expect(await refusalWith(context, headers)).toBeUndefined()
  })

  it('needs no subject, and with one ends only what is of that subject', async () => {
    const { context, login, send } = await stage()
    const session = await login({ sid: 's1' })
    await send({ claims: { sid: 's1', sub: 'other' } })
    expect(await refusalWith(context, session)).toBeUndefined()
    await send({ claims: { sid: 's1', sub: undefined } })
    expect(await refusalWith(context, session)).toBe('session_invalid')
  })
})

describe('a login that is under way', () => {
  const code = 'code'

  /** The provider is asked for the code; `meanwhile` happens before it answers. */
  async function loginDuring(meanwhile: (stage: Stage) => Promise<unknown>) {
    const answer: ProviderLogin = {
      issuer: idp.issuer,
      subject: 'subject',
      email: account,
      emailVerified: true,
      groups: [],
      idToken: 't',
      providerSessionId: 's1',
    }
    const identityProvider = {
      ...idp.provider,
      complete: async () => {
        await meanwhile(fixture)
        return answer
      },
    }
    const fixture: Stage = await stage({ identityProvider })
    const begun = await fixture.call('GET', '/oauth2/start')
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? ''
    const [cookie = ''] = begun.headers.getSetCookie().map((text) => text.split(';')[0])
    const query = new URLSearchParams({ code, state })
    return fixture.call('GET', `/oauth2/callback?${query}`, { headers: { cookie } })
  }

  it('ends in a session when nothing happens', async () => {
    const { status, headers } = await loginDuring(async () => {})
    expect([status, headers.getSetCookie().length]).toEqual([302, 1])
  })

  it.each([{ sid: 's1' }, { sid: 's1', sub: undefined }, {}])(
    'does not outlive a logout with %j that was too early to find its session',
    async (claims) => {
      const answer = await loginDuring(({ send }) => send({ claims }))
      expect(answer.status).toBe(403)
      expect(answer.headers.getSetCookie()).toEqual([])
    },
  )
})

describe('a logout token', () => {
  async function errorOf(response: Response) {
    const { error } = (await response.json()) as { error: string }
    return [response.status, error, response.headers.get('cache-control')]
  }
  const refused = [400, 'invalid_request', 'no-store']

  it('is good once, however often it comes at once', async () => {
    const { context, login, deliver, clock } = await stage()
    const compact = await idp.sign(clock.now)
    const answers = await Promise.all(Array.from({ length: 10 }, () => deliver(compact)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(400)])
    const session = await login()
    expect(await errorOf(await deliver(compact))).toEqual(refused)
    expect(await refusalWith(context, session)).toBeUndefined()
  })

  it.each([
    [630_000, 200],
    [631_000, 400],
    [-30_000, 200],
    [-31_000, 400],
  ])('that is %d ms old is answered with %d', async (age, status) => {
    const { clock, deliver } = await stage()
    const compact = await idp.sign(clock.now - age, { claims: { exp: undefined } })
    expect((await deliver(compact)).status).toBe(status)
  })

  it('that has expired, or is for another, is refused and ends nothing', async () => {
    const { context, login, send, clock } = await stage()
    const session = await login()
    const exp = Math.floor(clock.now / 1000) - 31
    expect(await errorOf(await send({ claims: { exp } }))).toEqual(refused)
    expect(await errorOf(await send({ claims: { aud: 'other' } }))).toEqual(refused)
    expect(await refusalWith(context, session)).toBeUndefined()
  })

  it('lets nobody in: not as a bearer token, not as a cookie', async () => {
    const { context, login, clock } = await stage()
    await login()
    const compact = await idp.sign(clock.now, { claims: { sub: account }, header: { typ: 'JWT' } })
    expect(await refusalWith(context, { authorization: `Bearer ${compact}` })).toMatch(/^token_/)
    expect(await refusalWith(context, { cookie: `__Host-portcullis_session=${compact}` })).toBe(
      'session_invalid',
    )
  })

  it('of the gate itself is none: an access token in its place is refused', async () => {
    const { context, deliver } = await stage()
    const { authorization = '' } = await tokenOf(context, account, ['api'])
    expect(await errorOf(await deliver(authorization.slice('Bearer '.length)))).toEqual(refused)
  })

  it('that is missing, or sent as JSON, is refused', async () => {
    const { call } = await stage()
    const path = '/oauth2/backchannel-logout'
    expect(await errorOf(await call('POST', path, { form: {} }))).toEqual(refused)
    expect((await call('POST', path, { body: { logout_token: 'x' } })).status).toBe(415)
    expect((await call('GET', path)).status).toBe(405)
  })

  it('is refused by a gate whose provider sends none', async () => {
    const { verifyLogoutToken: _none, ...provider } = idp.provider
    const { send } = await stage({ identityProvider: provider })
    expect(await errorOf(await send())).toEqual(refused)
  })

  it('has not been spent when the store failed, and is answered with 503', async () => {
    const store = memoryStore()
    let isDown = false
    const commit = (...input: Parameters<typeof store.commit>) =>
      isDown ? Promise.reject(new Error('down')) : store.commit(...input)
    const { context, clock, login, deliver } = await stage({ store: withFaults(store, { commit }) })
    const session = await login()
    const compact = await idp.sign(clock.now)
    isDown = true
    const failed = await deliver(compact)
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '1'])
    isDown = false
    expect((await deliver(compact)).status).toBe(200)
    expect(await refusalWith(context, session)).toBe('session_invalid')
  })
})

describe('what is kept of a login', () => {
  it('names neither subject nor session of the provider in any partition', async () => {
    const store = memoryStore()
    const partitions: string[] = []
    const commit = (...[partition, batch]: Parameters<typeof store.commit>) => {
      partitions.push(partition, ...batch.writes.map((write) => JSON.stringify(write)))
      return store.commit(partition, batch)
    }
    const { login } = await stage({ store: withFaults(store, { commit }) })
    await login({ subject: 'a-telling-subject', sid: 'a-telling-session' })
    expect(partitions.join()).not.toMatch(/a-telling/)
  })

  it('is there before the session is: when it cannot be written no session begins', async () => {
    const store = memoryStore()
    const commit = (...[partition, batch]: Parameters<typeof store.commit>) =>
      batch.writes.some((write) => 'put' in write && write.put.collection === 'accounts')
        ? Promise.reject(new Error('down'))
        : store.commit(partition, batch)
    const { login, context } = await stage({ store: withFaults(store, { commit }) })
    await expect(login()).rejects.toThrow()
    expect((await store.page(context.partitionOf(account), 'sessions', { limit: 10 })).records).toEqual([])
  })
})
