import { beforeEach, describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { identify } from '../../src/authentication/authenticate.js'
import { oauth } from '../../src/oauth/plugin.js'
import { refreshTokens } from '../../src/oauth/refresh.js'
import { issueToken } from '../../src/tokens/issue.js'
import { listTokens } from '../../src/tokens/list.js'
import { renewToken } from '../../src/tokens/renew.js'
import { revokeToken } from '../../src/tokens/revoke.js'
import { actingAs, must, PROGRAM, refusalOf } from '../gate/gate-fixture.js'
import { type HttpFixture, httpFixture } from '../http/http-fixture.js'
import { startFamilyOf } from '../oauth/oauth-fixture.js'

const USER = 'user@example.com'
let fixture: HttpFixture
let token: string

beforeEach(async () => {
  fixture = await httpFixture({ plugins: [oauth()], tokenRenewal: 'offer' })
  const input = { account: USER, by: PROGRAM, name: 'laptop', scopes: ['api'], lifetimeSeconds: 1000 }
  token = must(await issueToken(fixture.context, input)).token
})

const renew = (credential = token) =>
  fixture.call('POST', '/api/token/renew', {
    headers: { authorization: `Bearer ${credential}` },
  })

const renewal = async () => {
  const view = { method: 'GET', target: '/', rawHeaders: ['x-api-key', token] }
  return must(await identify(fixture.context, view)).credential.renewal
}

describe('a token in the last fifth of its life', () => {
  it('is told where it gets a successor, not earlier', async () => {
    fixture.clock.advance(799_999)
    expect(await renewal()).toBeUndefined()
    expect((await renew()).status).toBe(409)
    fixture.clock.advance(1)
    expect(await renewal()).toBe('/api/token/renew')
  })

  it('gets one with its name, scopes and lifetime, and goes on until it expires', async () => {
    fixture.clock.advance(900_000)
    const response = await renew()
    expect(response.status).toBe(201)
    const issued = (await response.json()) as { token: string }
    expect(issued).toMatchObject({ token_name: 'laptop', scopes: ['api'], expires_in: 1000 })
    expect(await renewal()).toBe('/api/token/renew')
    expect((await renew(issued.token)).status).toBe(409)
  })

  it('does not get it again once the account was banned, also where tokens outlive the ban', async () => {
    const { context, clock } = fixture
    clock.advance(900_000)
    const view = { method: 'GET', target: '/', rawHeaders: ['x-api-key', token] }
    const identity = must(await identify(context, view))
    must(await renewToken(context, identity))
    must(await banAccount(context, { account: USER, by: actingAs('root@example.com'), keepTokens: true }))
    expect(refusalOf(await renewToken(context, identity))).toBe('account_banned')
  })

  it('gets the same one however often it asks, and none once that was revoked', async () => {
    fixture.clock.advance(900_000)
    const answers = await Promise.all(Array.from({ length: 20 }, () => renew()))
    fixture.clock.advance(60_000)
    answers.push(await renew())
    const issued = await Promise.all(
      answers.map(async (answer) => (await answer.json()) as { token: string }),
    )
    expect(new Set(issued.map((one) => one.token)).size).toBe(1)
    const { items } = await listTokens(fixture.context, { account: USER, limit: 50 })
    expect(items).toHaveLength(2)
    must(await revokeToken(fixture.context, { account: USER, id: items[0]?.id ?? '', by: actingAs(USER) }))
    expect((await renew()).status).toBe(401)
  })

  it('is renewed again and again until the first has lived for maxLifetimeSeconds, and no longer', async () => {
    const tokens = { defaultLifetimeSeconds: 1000, maxLifetimeSeconds: 10_000 }
    fixture = await httpFixture({ plugins: [oauth()], tokenRenewal: 'offer', tokens })
    const began = fixture.clock.now
    let current = must(await issueToken(fixture.context, { account: USER, by: PROGRAM })).token
    for (let renewals = 0; renewals < 100; renewals++) {
      fixture.clock.advance(900_000)
      const response = await renew(current)
      if (response.status !== 201) break
      current = ((await response.json()) as { token: string }).token
    }
    const status = async () => {
      const headers = { authorization: `Bearer ${current}` }
      return (await fixture.call('GET', '/oauth2/userinfo', { headers })).status
    }
    fixture.clock.now = began + 9_999_000
    expect(await status()).toBe(200)
    fixture.clock.now = began + 10_000_000
    expect(await status()).toBe(401)
  })

  it('is neither offered nor given one when it was bought with a refresh token', async () => {
    const { client, refreshToken } = await startFamilyOf(fixture.context, USER)
    token = must(await refreshTokens(fixture.context, { refreshToken, client })).accessToken
    fixture.clock.advance(800_000)
    expect(await renewal()).toBeUndefined()
    expect((await renew()).status).toBe(409)
  })

  it('gets none where renewal is not offered', async () => {
    fixture = await httpFixture()
    token = must(
      await issueToken(fixture.context, { by: PROGRAM, account: USER, lifetimeSeconds: 1000 }),
    ).token
    fixture.clock.advance(900_000)
    expect(await renewal()).toBeUndefined()
    expect((await renew()).status).toBe(409)
  })
})
