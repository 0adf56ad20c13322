import { describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { unbanAccount } from '../../src/accounts/unban.js'
import { listAudit } from '../../src/audit/list.js'
import { identify } from '../../src/authentication/authenticate.js'
import { stillAllowed } from '../../src/authentication/still-allowed.js'
import type { GateContext } from '../../src/context/context.js'
import { refreshTokens } from '../../src/oauth/refresh.js'
import { readStanding } from '../../src/standing/standing.js'
import { memoryStore } from '../../src/store/memory.js'
import { issueToken } from '../../src/tokens/issue.js'
import { actingAs, must, PROGRAM, refusalOf, withFaults } from '../gate/gate-fixture.js'
import { apiKeyOf, sessionOf, tokenOf } from '../http/http-fixture.js'
import { startFamilyOf } from '../oauth/oauth-fixture.js'
import { loginRefusal, refusalWith, type ScimFixture, scimFixture } from './scim-fixture.js'

const account = 'user@example.com'
const inactive = { op: 'replace', path: 'active', value: false }
const active = { op: 'replace', path: 'active', value: true }

async function everythingOf(context: GateContext) {
  const { client, refreshToken } = await startFamilyOf(context, account)
  return {
    session: await sessionOf(context, account),
    token: await tokenOf(context, account, ['api']),
    apiKey: await apiKeyOf(context, account, ['api']),
    refresh: () => refreshTokens(context, { refreshToken, client }),
  }
}

async function refusalsOf(context: GateContext, had: Awaited<ReturnType<typeof everythingOf>>) {
  return Promise.all([
    refusalWith(context, had.session),
    refusalWith(context, had.token),
    refusalWith(context, had.apiKey),
    had.refresh().then(refusalOf),
  ])
}

const WAYS: [string, (fixture: ScimFixture, id: string) => Promise<Response>][] = [
  ['PATCH', ({ patch }, id) => patch(id, inactive)],
  [
    'PATCH as Azure sends it',
    ({ patch }, id) => patch(id, { op: 'Replace', path: 'active', value: 'False' }),
  ],
  ['PATCH without a path', ({ patch }, id) => patch(id, { op: 'replace', value: { active: false } })],
  ['PUT', ({ scim }, id) => scim('PUT', `/Users/${id}`, { userName: account, active: false })],
  ['DELETE', ({ scim }, id) => scim('DELETE', `/Users/${id}`)],
]

describe.each(WAYS)('a user deactivated by %s', (_, deactivate) => {
  it('loses session, token, API key and refresh token at once, and cannot get new ones', async () => {
    const fixture = await scimFixture()
    const { context } = fixture
    const { id } = await fixture.create({ userName: 'User@Example.com' })
    const had = await everythingOf(context)
    expect(await refusalWith(context, had.apiKey)).toBeUndefined()
    expect((await deactivate(fixture, id)).status).toBeLessThan(300)
    for (const refusal of await refusalsOf(context, had))
      expect(refusal).toMatch(/^(account_banned|session_invalid)$/)
    expect(await loginRefusal(context, account)).toBe('account_banned')
    expect(refusalOf(await issueToken(context, { by: PROGRAM, account }))).toBe('account_banned')
  })
})

describe('a deactivated user', () => {
  it('can log in anew once activated, but what it had stays dead', async () => {
    const { context, create, patch, find } = await scimFixture()
    const { id } = await create({ userName: account })
    const had = await everythingOf(context)
    await patch(id, inactive)
    expect((await find(id)).active).toBe(false)
    await patch(id, active)
    expect((await find(id)).active).toBe(true)
    expect(await refusalsOf(context, had)).toEqual([
      'session_invalid',
      'token_revoked',
      'api_key_invalid',
      'grant_invalid',
    ])
    expect(await loginRefusal(context, account)).toBeUndefined()
    expect(await refusalWith(context, await tokenOf(context, account, ['api']))).toBeUndefined()
  })

  it('is cut off in the middle of a response', async () => {
    const { context, create, patch } = await scimFixture()
    const { id } = await create({ userName: account })
    const rawHeaders = Object.entries(await tokenOf(context, account, ['api'])).flat()
    const identity = must(await identify(context, { method: 'GET', target: '/', rawHeaders }))
    expect(await stillAllowed(context, identity)).toBe(true)
    await patch(id, inactive)
    expect(await stillAllowed(context, identity)).toBe(false)
  })

  it('stays so after it was removed, until it is entered anew', async () => {
    const { context, create, scim } = await scimFixture()
    const { id } = await create({ userName: account })
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204)
    expect((await scim('GET', `/Users/${id}`)).status).toBe(404)
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(404)
    expect(await loginRefusal(context, account)).toBe('account_banned')
    await create({ userName: account })
    expect(await loginRefusal(context, account)).toBeUndefined()
  })

  it('stays so for ten years and more', async () => {
    const { context, clock, create } = await scimFixture()
    await create({ userName: account, active: false })
    clock.advance(20 * 366 * 86_400_000)
    expect(await loginRefusal(context, account)).toBe('account_banned')
  })

  it('stays so when a PUT does not speak of it', async () => {
    const { context, create, scim, find } = await scimFixture()
    const { id } = await create({ userName: account, active: false })
    await scim('PUT', `/Users/${id}`, { userName: account, displayName: 'User' })
    expect(await find(id)).toMatchObject({ active: false, displayName: 'User' })
    expect(await loginRefusal(context, account)).toBe('account_banned')
  })

  it('is audited, once each way', async () => {
    const { context, create, patch } = await scimFixture()
    const { id } = await create({ userName: account })
    await patch(id, inactive)
    await patch(id, inactive)
    await patch(id, active)
    const { items } = await listAudit(context, { limit: 10, subject: account })
    expect(items.map(({ action, actor }) => `${actor} ${action}`)).toEqual([
      'scim account.activate',
      'scim account.deactivate',
    ])
  })

  it('is deactivated under its user name and its primary e-mail', async () => {
    const { context, create, patch } = await scimFixture()
    const emails = [{ value: 'other@example.com' }, { value: 'mail@example.com', primary: true }]
    const { id } = await create({ userName: 'upn@example.com', emails })
    await patch(id, inactive)
    expect(await loginRefusal(context, 'upn@example.com')).toBe('account_banned')
    expect(await loginRefusal(context, 'mail@example.com')).toBe('account_banned')
    expect(await loginRefusal(context, 'other@example.com')).toBeUndefined()
  })
})

describe('an account that a user leaves behind by a change of name', () => {
  it('is deactivated, and the new one follows the user', async () => {
    const { context, create, patch } = await scimFixture()
    const { id } = await create({ userName: account })
    const token = await tokenOf(context, account, ['api'])
    await patch(id, { op: 'replace', path: 'userName', value: 'new@example.com' })
    expect(await refusalWith(context, token)).toBe('account_banned')
    expect(await loginRefusal(context, 'new@example.com')).toBeUndefined()
    await patch(id, inactive)
    expect(await loginRefusal(context, 'new@example.com')).toBe('account_banned')
  })
})

describe('bans and deactivations', () => {
  const by = actingAs('admin@example.com')

  it('the directory lifts no ban of an administrator', async () => {
    const { context, create, patch } = await scimFixture()
    const { id } = await create({ userName: account })
    must(await banAccount(context, { account, by }))
    await patch(id, inactive)
    await patch(id, active)
    expect(await loginRefusal(context, account)).toBe('account_banned')
    must(await unbanAccount(context, { account, by }))
    expect(await loginRefusal(context, account)).toBeUndefined()
  })

  it('a short ban does not end a deactivation, nor does lifting it', async () => {
    const { context, clock, create, patch } = await scimFixture()
    const { id } = await create({ userName: account })
    await patch(id, inactive)
    must(await banAccount(context, { account, by, durationSeconds: 60 }))
    clock.advance(60_000)
    expect(await loginRefusal(context, account)).toBe('account_banned')
    must(await banAccount(context, { account, by }))
    must(await unbanAccount(context, { account, by }))
    expect(await loginRefusal(context, account)).toBe('account_banned')
  })

  it('a super admin, but no admin, lifts the deactivation of a directory that is gone', async () => {
    const { context, create } = await scimFixture()
    await create({ userName: account, active: false })
    expect(refusalOf(await unbanAccount(context, { account, by }))).toBe('role_insufficient')
    must(await unbanAccount(context, { account, by: actingAs('root@example.com') }))
    expect(await loginRefusal(context, account)).toBeUndefined()
  })
})

describe('the last super admin', () => {
  it('cannot be deactivated, removed or renamed, by whatever means the others are out', async () => {
    const { context, create, patch, scim, find } = await scimFixture()
    const root = await create({ userName: 'root@example.com' })
    const second = await create({ userName: 'second@example.com' })
    expect((await patch(root.id, inactive)).status).toBe(200)
    expect((await patch(second.id, inactive)).status).toBe(409)
    expect((await scim('DELETE', `/Users/${second.id}`)).status).toBe(409)
    const renamed = { op: 'replace', path: 'userName', value: 'else@example.com' }
    expect((await patch(second.id, renamed)).status).toBe(409)
    expect(await find(second.id)).toMatchObject({ userName: 'second@example.com', active: true })
    expect(await loginRefusal(context, 'second@example.com')).toBeUndefined()
    await patch(root.id, active)
    expect((await patch(second.id, inactive)).status).toBe(200)
  })

  it('is still the last one when a ban of the deactivated other has run out', async () => {
    const { context, clock, create, patch } = await scimFixture()
    const root = await create({ userName: 'root@example.com' })
    const second = await create({ userName: 'second@example.com' })
    await patch(root.id, inactive)
    const ban = { account: 'root@example.com', by: actingAs('second@example.com'), durationSeconds: 60 }
    must(await banAccount(context, ban))
    clock.advance(60_000)
    expect((await patch(second.id, inactive)).status).toBe(409)
  })
})

describe('changes at once', () => {
  it('leave it deactivated when an activation was still on its way as the deactivation was answered', async () => {
    const store = memoryStore()
    let release = () => {}
    let hold = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const held = new Promise<void>((resolve) => {
      hold = resolve
    })
    const commit = async (...[partition, batch]: Parameters<typeof store.commit>) => {
      const activates = batch.writes.some(
        (write) =>
          'put' in write && write.put.collection === 'standing' && !('deactivatedAt' in Object(write.value)),
      )
      if (activates) {
        hold()
        await released
      }
      return store.commit(partition, batch)
    }
    const { context, create, patch, find } = await scimFixture({
      store: withFaults(store, { commit }),
      storeDeadlineMs: 10_000,
    })
    const { id } = await create({ userName: account, active: false })
    const activation = patch(id, active)
    await held
    expect((await patch(id, inactive)).status).toBe(200)
    release()
    await activation
    expect((await find(id)).active).toBe(false)
    expect(await loginRefusal(context, account)).toBe('account_banned')
  })

  it('leave the account as the record says, whatever their order', async () => {
    for (let round = 0; round < 20; round++) {
      const { context, create, patch, find } = await scimFixture()
      const { id } = await create({ userName: account })
      await Promise.all([patch(id, inactive), patch(id, active), patch(id, inactive), patch(id, active)])
      const { standing } = await readStanding(context, context.partitionOf(account))
      expect(standing.deactivatedAt === undefined).toBe((await find(id)).active)
    }
  })

  it('enter a user once', async () => {
    const { scim } = await scimFixture()
    const created = await Promise.all(
      Array.from({ length: 10 }, () => scim('POST', '/Users', { userName: account })),
    )
    expect(created.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)])
  })
})
