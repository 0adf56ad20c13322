import { describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { unbanAccount } from '../../src/accounts/unban.js'
import { listAudit } from '../../src/audit/list.js'
import { identify } from '../../src/authentication/authenticate.js'
import { stillAllowed } from '../../src/authentication/still-allowed.js'
import type { Deps } from '../../src/context/context.js'
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

async function everythingOf(deps: Deps) {
  const { client, refreshToken } = await startFamilyOf(deps, account)
  return {
    session: await sessionOf(deps, account),
    token: await tokenOf(deps, account, ['api']),
    apiKey: await apiKeyOf(deps, account, ['api']),
    refresh: () => refreshTokens(deps, { refreshToken, client }),
  }
}

async function refusalsOf(deps: Deps, had: Awaited<ReturnType<typeof everythingOf>>) {
  return Promise.all([
    refusalWith(deps, had.session),
    refusalWith(deps, had.token),
    refusalWith(deps, had.apiKey),
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
    const { deps } = fixture
    const { id } = await fixture.create({ userName: 'User@Example.com' })
    const had = await everythingOf(deps)
    expect(await refusalWith(deps, had.apiKey)).toBeUndefined()
    expect((await deactivate(fixture, id)).status).toBeLessThan(300)
    for (const refusal of await refusalsOf(deps, had))
      expect(refusal).toMatch(/^(account_banned|session_invalid)$/)
    expect(await loginRefusal(deps, account)).toBe('account_banned')
    expect(refusalOf(await issueToken(deps, { by: PROGRAM, account }))).toBe('account_banned')
  })
})

describe('a deactivated user', () => {
  it('can log in anew once activated, but what it had stays dead', async () => {
    const { deps, create, patch, find } = await scimFixture()
    const { id } = await create({ userName: account })
    const had = await everythingOf(deps)
    await patch(id, inactive)
    expect((await find(id)).active).toBe(false)
    await patch(id, active)
    expect((await find(id)).active).toBe(true)
    expect(await refusalsOf(deps, had)).toEqual([
      'session_invalid',
      'token_revoked',
      'api_key_invalid',
      'grant_invalid',
    ])
    expect(await loginRefusal(deps, account)).toBeUndefined()
    expect(await refusalWith(deps, await tokenOf(deps, account, ['api']))).toBeUndefined()
  })

  it('is cut off in the middle of a response', async () => {
    const { deps, create, patch } = await scimFixture()
    const { id } = await create({ userName: account })
    const rawHeaders = Object.entries(await tokenOf(deps, account, ['api'])).flat()
    const identity = must(await identify(deps, { method: 'GET', target: '/', rawHeaders }))
    expect(await stillAllowed(deps, identity)).toBe(true)
    await patch(id, inactive)
    expect(await stillAllowed(deps, identity)).toBe(false)
  })

  it('stays so after it was removed, until it is entered anew', async () => {
    const { deps, create, scim } = await scimFixture()
    const { id } = await create({ userName: account })
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204)
    expect((await scim('GET', `/Users/${id}`)).status).toBe(404)
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(404)
    expect(await loginRefusal(deps, account)).toBe('account_banned')
    await create({ userName: account })
    expect(await loginRefusal(deps, account)).toBeUndefined()
  })

  it('stays so for ten years and more', async () => {
    const { deps, clock, create } = await scimFixture()
    await create({ userName: account, active: false })
    clock.advance(20 * 366 * 86_400_000)
    expect(await loginRefusal(deps, account)).toBe('account_banned')
  })

  it('stays so when a PUT does not speak of it', async () => {
    const { deps, create, scim, find } = await scimFixture()
    const { id } = await create({ userName: account, active: false })
    await scim('PUT', `/Users/${id}`, { userName: account, displayName: 'User' })
    expect(await find(id)).toMatchObject({ active: false, displayName: 'User' })
    expect(await loginRefusal(deps, account)).toBe('account_banned')
  })

  it('is audited, once each way', async () => {
    const { deps, create, patch } = await scimFixture()
    const { id } = await create({ userName: account })
    await patch(id, inactive)
    await patch(id, inactive)
    await patch(id, active)
    const { items } = await listAudit(deps, { limit: 10, subject: account })
    expect(items.map(({ action, actor }) => `${actor} ${action}`)).toEqual([
      'scim account.activate',
      'scim account.deactivate',
    ])
  })

  it('is deactivated under its user name and its primary e-mail', async () => {
    const { deps, create, patch } = await scimFixture()
    const emails = [{ value: 'other@example.com' }, { value: 'mail@example.com', primary: true }]
    const { id } = await create({ userName: 'upn@example.com', emails })
    await patch(id, inactive)
    expect(await loginRefusal(deps, 'upn@example.com')).toBe('account_banned')
    expect(await loginRefusal(deps, 'mail@example.com')).toBe('account_banned')
    expect(await loginRefusal(deps, 'other@example.com')).toBeUndefined()
  })
})

describe('an account that a user leaves behind by a change of name', () => {
  it('is deactivated, and the new one follows the user', async () => {
    const { deps, create, patch } = await scimFixture()
    const { id } = await create({ userName: account })
    const token = await tokenOf(deps, account, ['api'])
    await patch(id, { op: 'replace', path: 'userName', value: 'new@example.com' })
    expect(await refusalWith(deps, token)).toBe('account_banned')
    expect(await loginRefusal(deps, 'new@example.com')).toBeUndefined()
    await patch(id, inactive)
    expect(await loginRefusal(deps, 'new@example.com')).toBe('account_banned')
  })
})

describe('bans and deactivations', () => {
  const by = actingAs('admin@example.com')

  it('the directory lifts no ban of an administrator', async () => {
    const { deps, create, patch } = await scimFixture()
    const { id } = await create({ userName: account })
    must(await banAccount(deps, { account, by }))
    await patch(id, inactive)
    await patch(id, active)
    expect(await loginRefusal(deps, account)).toBe('account_banned')
    must(await unbanAccount(deps, { account, by }))
    expect(await loginRefusal(deps, account)).toBeUndefined()
  })

  it('a short ban does not end a deactivation, nor does lifting it', async () => {
    const { deps, clock, create, patch } = await scimFixture()
    const { id } = await create({ userName: account })
    await patch(id, inactive)
    must(await banAccount(deps, { account, by, durationSeconds: 60 }))
    clock.advance(60_000)
    expect(await loginRefusal(deps, account)).toBe('account_banned')
    must(await banAccount(deps, { account, by }))
    must(await unbanAccount(deps, { account, by }))
    expect(await loginRefusal(deps, account)).toBe('account_banned')
  })

  it('a super admin, but no admin, lifts the deactivation of a directory that is gone', async () => {
    const { deps, create } = await scimFixture()
    await create({ userName: account, active: false })
    expect(refusalOf(await unbanAccount(deps, { account, by }))).toBe('role_insufficient')
    must(await unbanAccount(deps, { account, by: actingAs('root@example.com') }))
    expect(await loginRefusal(deps, account)).toBeUndefined()
  })
})

describe('the last super admin', () => {
  it('cannot be deactivated, removed or renamed, by whatever means the others are out', async () => {
    const { deps, create, patch, scim, find } = await scimFixture()
    const root = await create({ userName: 'root@example.com' })
    const second = await create({ userName: 'second@example.com' })
    expect((await patch(root.id, inactive)).status).toBe(200)
    expect((await patch(second.id, inactive)).status).toBe(409)
    expect((await scim('DELETE', `/Users/${second.id}`)).status).toBe(409)
    const renamed = { op: 'replace', path: 'userName', value: 'else@example.com' }
    expect((await patch(second.id, renamed)).status).toBe(409)
    expect(await find(second.id)).toMatchObject({ userName: 'second@example.com', active: true })
    expect(await loginRefusal(deps, 'second@example.com')).toBeUndefined()
    await patch(root.id, active)
    expect((await patch(second.id, inactive)).status).toBe(200)
  })

  it('is still the last one when a ban of the deactivated other has run out', async () => {
    const { deps, clock, create, patch } = await scimFixture()
    const root = await create({ userName: 'root@example.com' })
    const second = await create({ userName: 'second@example.com' })
    await patch(root.id, inactive)
    const ban = { account: 'root@example.com', by: actingAs('second@example.com'), durationSeconds: 60 }
    must(await banAccount(deps, ban))
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
    const { deps, create, patch, find } = await scimFixture({
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
    expect(await loginRefusal(deps, account)).toBe('account_banned')
  })

  it('leave the account as the record says, whatever their order', async () => {
    for (let round = 0; round < 20; round++) {
      const { deps, create, patch, find } = await scimFixture()
      const { id } = await create({ userName: account })
      await Promise.all([patch(id, inactive), patch(id, active), patch(id, inactive), patch(id, active)])
      const { standing } = await readStanding(deps, deps.partitionOf(account))
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
