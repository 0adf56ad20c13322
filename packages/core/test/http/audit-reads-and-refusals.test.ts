import { describe, expect, it, vi } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { listAudit } from '../../src/audit/list.js'
import { memoryStore } from '../../src/store/memory.js'
import { actingAs, must, withFaults } from '../gate/gate-fixture.js'
import { type HttpFixture, httpFixture, MASTER_KEY, sessionOf, tokenOf } from './http-fixture.js'

const USER = 'user@example.com'
const ADMIN = 'admin@example.com'

async function recorded({ context }: HttpFixture) {
  const { items } = await listAudit(context, { limit: 100 })
  return items
    .filter(({ action }) => action.startsWith('admin.'))
    .map(({ action, actor, details }) => ({ action, actor, ...details }))
}

describe('calls of administration', () => {
  it('a read leaves an entry', async () => {
    const fixture = await httpFixture()
    const headers = await sessionOf(fixture.context, ADMIN)
    await fixture.call('GET', '/api/admin/tokens/someone@example.com', { headers })
    const [method, path] = ['GET', '/api/admin/tokens/{email}']
    await vi.waitFor(async () =>
      expect(await recorded(fixture)).toEqual([
        { action: 'admin.read', actor: ADMIN, method, path, status: 200 },
      ]),
    )
  })

  it('a refused call of somebody who is known leaves an entry with the code', async () => {
    const fixture = await httpFixture()
    const user = await tokenOf(fixture.context, USER, ['api', 'admin'])
    const admin = await sessionOf(fixture.context, ADMIN)
    await fixture.call('POST', '/api/admin/tokens/revoke-user', { headers: user, body: {} })
    await fixture.call('POST', '/api/admin/tokens/revoke-user', { headers: admin, body: {} })
    await fixture.call('DELETE', '/api/admin/tokens/unknown', { headers: admin })
    await vi.waitFor(async () => expect(await recorded(fixture)).toHaveLength(3))
    expect(await recorded(fixture)).toMatchObject([
      { actor: ADMIN, code: 'token_not_found', status: 404 },
      { actor: ADMIN, code: 'input_invalid', status: 400 },
      { action: 'admin.refused', actor: USER, code: 'role_insufficient', status: 403 },
    ])
  })

  it('nobody leaves nothing', async () => {
    const fixture = await httpFixture()
    await fixture.call('GET', '/api/admin/tokens')
    await fixture.call('GET', '/api/admin/tokens', { headers: { authorization: 'Bearer x' } })
    expect(await recorded(fixture)).toEqual([])
  })

  it('a thousand calls of a plain user leave one entry a minute', async () => {
    const fixture = await httpFixture()
    const headers = await tokenOf(fixture.context, USER, ['api', 'admin'])
    for (let calls = 0; calls < 1000; calls += 1) await fixture.call('GET', '/api/admin/audit', { headers })
    await vi.waitFor(async () => expect(await recorded(fixture)).toHaveLength(1))
    fixture.clock.advance(60_000)
    await fixture.call('GET', '/api/admin/audit', { headers })
    await vi.waitFor(async () => expect(await recorded(fixture)).toHaveLength(2))
  })

  it('a read goes on, and bans too, while the log takes no entries of reads', async () => {
    const sound = memoryStore()
    const store = withFaults(sound, {
      commit: (partition, batch) =>
        partition === 'audit' && !batch.essential
          ? Promise.reject(new Error('full'))
          : sound.commit(partition, batch),
    })
    const fixture = await httpFixture({ store })
    const headers = { authorization: `Bearer ${MASTER_KEY}` }
    expect((await fixture.call('GET', '/api/admin/tokens', { headers })).status).toBe(200)
    must(await banAccount(fixture.context, { account: USER, by: actingAs(ADMIN) }))
  })
})
