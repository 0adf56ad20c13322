import { generateKeyPairSync } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { unbanAccount } from '../../src/accounts/unban.js'
import { listAudit } from '../../src/audit/list.js'
import { memoryStore } from '../../src/store/memory.js'
import { issueToken } from '../../src/tokens/issue.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import { actingAs, must, withFaults } from '../gate/gate-fixture.js'
import { CLI, type OAuthFixture, oauthFixture } from './oauth-fixture.js'

const USER = 'user@example.com'
let fixture: OAuthFixture

beforeEach(async () => {
  fixture = await oauthFixture()
})

const claimsIn = (token = '') =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as unknown

const actions = async () =>
  (await listAudit(fixture.context, { limit: 50 })).items.map(({ action }) => action)

describe('a refresh token', () => {
  it('buys a new pair, of which the access token lives 15 minutes', async () => {
    const first = await fixture.logIn()
    expect(first).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'api' })
    expect(await fixture.statusWith(first.access_token)).toBe(200)
    fixture.clock.advance(900_000)
    expect(await fixture.statusWith(first.access_token)).toBe(401)
    const { status, body } = await fixture.refresh(first.refresh_token)
    expect(status).toBe(200)
    expect(await fixture.statusWith(body.access_token ?? '')).toBe(200)
  })

  it('gets one successor, the same for all, however many ask for it at once', async () => {
    const { refresh_token } = await fixture.logIn()
    const answers = await Promise.all(Array.from({ length: 100 }, () => fixture.refresh(refresh_token)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
    expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(1)
    expect((await fixture.refresh(answers[0]?.body.refresh_token ?? '')).status).toBe(200)
    expect(await actions()).not.toContain('refresh.reuse')
  })

  it('presented again within 30 s, as after a lost answer, gets the same successor', async () => {
    const { refresh_token } = await fixture.logIn()
    const first = (await fixture.refresh(refresh_token)).body
    fixture.clock.advance(29_999)
    const again = (await fixture.refresh(refresh_token)).body
    expect(again).toEqual({ ...first, expires_in: 900 - 29 })
    expect(await fixture.statusWith(again.access_token ?? '')).toBe(200)
    expect(await actions()).not.toContain('refresh.reuse')
  })

  it('gets a successor of the same id also where signatures differ each time', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    fixture = await oauthFixture({ keys: [{ algorithm: 'ES256', privateKey: pem }] })
    const { refresh_token } = await fixture.logIn()
    const answers = [await fixture.refresh(refresh_token), await fixture.refresh(refresh_token)]
    const claims = answers.map(({ body }) => [claimsIn(body.access_token), claimsIn(body.refresh_token)])
    expect(claims[0]).toEqual(claims[1])
    expect(answers[0]?.body.access_token).not.toBe(answers[1]?.body.access_token)
  })

  it.each([
    ['30 s later', () => fixture.clock.advance(30_000)],
    ['once its successor was used', async (next: string) => void (await fixture.refresh(next))],
  ])(
    'that is used again %s ends its whole family, with its access token, and is audited once',
    async (_, act) => {
      const first = await fixture.logIn()
      const second = (await fixture.refresh(first.refresh_token)).body
      await act(second.refresh_token ?? '')
      for (const token of [first.refresh_token, second.refresh_token ?? '', first.refresh_token])
        expect((await fixture.refresh(token)).body.error).toBe('invalid_grant')
      expect(await fixture.statusWith(second.access_token ?? '')).toBe(401)
      expect((await actions()).filter((action) => action === 'refresh.reuse')).toHaveLength(1)
    },
  )

  it('buys nothing when every token is revoked while it is being spent', async () => {
    const store = memoryStore({ clock: () => fixture.clock.now })
    let beforeCommit: (() => Promise<unknown>) | undefined
    fixture = await oauthFixture({
      store: withFaults(store, {
        async commit(partition, batch) {
          const act = batch.writes.some((write) => 'put' in write && write.put.collection === 'refresh')
          const run = act ? beforeCommit : undefined
          if (run) beforeCommit = undefined
          await run?.()
          return store.commit(partition, batch)
        },
      }),
    })
    const { refresh_token } = await fixture.logIn()
    beforeCommit = () => revokeAllTokens(fixture.context, { account: USER, by: actingAs(USER) })
    expect((await fixture.refresh(refresh_token)).body.error).toBe('invalid_grant')
  })

  it('is still good when the store failed while it was being spent', async () => {
    const store = memoryStore({ clock: () => fixture.clock.now })
    let isDown = false
    fixture = await oauthFixture({
      store: withFaults(store, {
        commit: (...input) => (isDown ? Promise.reject(new Error('down')) : store.commit(...input)),
      }),
    })
    const { refresh_token } = await fixture.logIn()
    isDown = true
    expect((await fixture.refresh(refresh_token)).status).toBe(503)
    isDown = false
    expect((await fixture.refresh(refresh_token)).status).toBe(200)
  })

  it('is over after seven days without use, and 90 days after the login at the latest', async () => {
    const { refresh_token } = await fixture.logIn()
    fixture.clock.advance(7 * 86_400_000)
    expect((await fixture.refresh(refresh_token)).body.error).toBe('invalid_grant')

    let { refresh_token: current } = await fixture.logIn()
    let days = 0
    for (; days < 100; days += 6) {
      fixture.clock.advance(6 * 86_400_000)
      const { status, body } = await fixture.refresh(current)
      if (status !== 200) break
      current = body.refresh_token ?? ''
    }
    expect(days).toBe(84)
  })

  it('is of one client, and buys no more than it has', async () => {
    const { refresh_token } = await fixture.logIn(USER, 'api tokens:write')
    expect((await fixture.refresh(refresh_token, { scope: 'api admin' })).body.error).toBe('invalid_scope')
    expect((await fixture.refresh(refresh_token, { client_id: 'another' })).body).toMatchObject({
      error: 'invalid_client',
    })
    const less = await fixture.refresh(refresh_token, { scope: 'api' })
    expect(less.body.scope).toBe('api')
    expect((await fixture.refresh(less.body.refresh_token ?? '')).body.scope).toBe('api tokens:write')
  })

  it('ends with a ban, and stays dead after it', async () => {
    const { refresh_token } = await fixture.logIn()
    must(await banAccount(fixture.context, { account: USER, by: actingAs('root@example.com') }))
    expect((await fixture.refresh(refresh_token)).body.error).toBe('invalid_grant')
    must(await unbanAccount(fixture.context, { account: USER, by: actingAs('root@example.com') }))
    expect((await fixture.refresh(refresh_token)).body.error).toBe('invalid_grant')
  })

  it('ends when every token of the account is revoked', async () => {
    const { refresh_token } = await fixture.logIn()
    must(await revokeAllTokens(fixture.context, { account: USER, by: actingAs(USER) }))
    expect((await fixture.refresh(refresh_token)).body.error).toBe('invalid_grant')
  })

  it('is no access token, nor the other way round', async () => {
    const { access_token, refresh_token } = await fixture.logIn()
    expect(await fixture.statusWith(refresh_token)).toBe(401)
    expect((await fixture.refresh(access_token)).body.error).toBe('invalid_grant')
  })
})

describe('revocation (RFC 7009)', () => {
  it('ends a family by its refresh token, and one of another client it leaves alone', async () => {
    const secret = 'Qm4XvT8zNb2KcW6yRd9HsLf3JgPa7EuV'
    fixture = await oauthFixture({ clients: [{ id: 'other', secret }] })
    const { access_token, refresh_token } = await fixture.logIn()
    const other = await fixture.post('/oauth2/revoke', {
      token: refresh_token,
      client_id: 'other',
      client_secret: secret,
    })
    expect(other.status).toBe(200)
    const alone = await fixture.post('/oauth2/revoke', {
      token: access_token,
      client_id: 'other',
      client_secret: secret,
    })
    expect(alone.status).toBe(200)
    expect(await fixture.statusWith(access_token)).toBe(200)
    const next = (await fixture.refresh(refresh_token)).body
    const own = await fixture.post('/oauth2/revoke', { token: refresh_token, client_id: CLI })
    expect(own.status).toBe(200)
    for (const token of [access_token, next.access_token ?? ''])
      expect(await fixture.statusWith(token)).toBe(401)
    expect((await fixture.refresh(refresh_token)).body.error).toBe('invalid_grant')
  })

  it('ends an access token, and answers 200 for what is no token', async () => {
    const { access_token } = await fixture.logIn()
    for (const token of [access_token, access_token, 'nonsense', 'pk_nonsense'])
      expect((await fixture.post('/oauth2/revoke', { token, client_id: CLI })).status).toBe(200)
    expect(await fixture.statusWith(access_token)).toBe(401)
  })

  it('of an access token that another client was issued leaves it alone, and ends what no client was issued', async () => {
    fixture = await oauthFixture({ clients: [{ id: 'public' }] })
    const { access_token } = await fixture.logIn()
    const { token } = must(await issueToken(fixture.context, { account: USER, by: actingAs(USER) }))
    for (const presented of [access_token, token])
      expect((await fixture.post('/oauth2/revoke', { token: presented, client_id: 'public' })).status).toBe(
        200,
      )
    expect([await fixture.statusWith(access_token), await fixture.statusWith(token)]).toEqual([200, 401])
  })

  it('needs a client', async () => {
    expect((await fixture.post('/oauth2/revoke', { token: 'x' })).body.error).toBe('invalid_client')
  })
})

describe('the token endpoint', () => {
  it.each([
    [{}, 'invalid_request', 400],
    [{ grant_type: 'password', client_id: CLI }, 'unsupported_grant_type', 400],
    [{ grant_type: 'refresh_token', client_id: CLI }, 'invalid_request', 400],
    [{ grant_type: 'refresh_token', refresh_token: 'x' }, 'invalid_client', 401],
    [
      { grant_type: 'refresh_token', refresh_token: 'x', client_id: CLI, client_secret: 'y' },
      'invalid_client',
      401,
    ],
    [{ grant_type: 'refresh_token', refresh_token: 'x', client_id: CLI }, 'invalid_grant', 400],
  ] as [Record<string, string>, string, number][])('answers %j with %s', async (form, error, status) => {
    const answer = await fixture.post('/oauth2/token', form)
    expect([answer.body.error, answer.status]).toEqual([error, status])
  })

  it('takes a form, each field once', async () => {
    const json = await fixture.call('POST', '/oauth2/token', { body: { grant_type: 'refresh_token' } })
    expect([json.status, ((await json.json()) as { error: string }).error]).toEqual([415, 'invalid_request'])
    const twice = await fixture.call('POST', '/oauth2/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=refresh_token&client_id=${CLI}&client_id=other`,
    })
    expect(((await twice.json()) as { error: string }).error).toBe('invalid_request')
  })

  it('knows confidential clients by Basic authentication and by form', async () => {
    const secret = 'a+b c/d=é~Qm4XvT8zNb2KcW6yRd9HsLf3'
    fixture = await oauthFixture({ clients: [{ id: 'backend', secret }] })
    const form = { grant_type: 'refresh_token', refresh_token: 'x' }
    const encode = (text: string) => new URLSearchParams({ t: text }).toString().slice(2)
    const basic = (text: string) => ({
      authorization: `Basic ${Buffer.from(`backend:${encode(text)}`).toString('base64')}`,
    })
    expect((await fixture.post('/oauth2/token', form, basic(secret))).body.error).toBe('invalid_grant')
    expect((await fixture.post('/oauth2/token', form, basic('wrong'))).status).toBe(401)
    const inForm = { ...form, client_id: 'backend', client_secret: secret }
    expect((await fixture.post('/oauth2/token', inForm)).body.error).toBe('invalid_grant')
    expect((await fixture.post('/oauth2/token', { ...form, client_id: 'backend' })).status).toBe(401)
  })
})
