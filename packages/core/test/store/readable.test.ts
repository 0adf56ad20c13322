import { describe, expect, it } from 'vitest'
import { INDEX } from '../../src/account-index/account-index.js'
import { banAccount } from '../../src/accounts/ban.js'
import { createApiKey } from '../../src/api-keys/create.js'
import { listApiKeys } from '../../src/api-keys/list.js'
import { appendAudit } from '../../src/audit/append.js'
import { auditEntries } from '../../src/audit/entry.js'
import { listAudit } from '../../src/audit/list.js'
import { verifyAudit } from '../../src/audit/verify.js'
import { createUser } from '../../src/scim/create.js'
import { listUsers } from '../../src/scim/list.js'
import { SCIM, users } from '../../src/scim/user.js'
import { listSessions } from '../../src/sessions/list.js'
import { sessionRecords } from '../../src/sessions/session.js'
import { readStanding, STANDING } from '../../src/standing/standing.js'
import type { JsonValue } from '../../src/store/store.js'
import { issueToken } from '../../src/tokens/issue.js'
import { listTokens } from '../../src/tokens/list.js'
import { listAllTokens } from '../../src/tokens/list-all.js'
import { tokenRecords } from '../../src/tokens/token.js'
import { actingAs, apiKeysOf, gateFixture, must, scimOf } from '../gate/gate-fixture.js'

const ACCOUNT = 'alice@example.com'
const BAD: readonly JsonValue[] = [null, 5, 'text', [], {}, { account: 7, generation: 'x' }]

async function fixture() {
  const gate = await gateFixture()
  const { context, store, events } = gate
  const partition = context.partitionOf(ACCOUNT)
  return {
    ...gate,
    partition,
    /** Plants what no version of the gate wrote, before and after what is there. */
    async plant(place: string, collection: string) {
      await store.commit(place, {
        writes: BAD.flatMap((value, index) => [
          { put: { collection, id: `low-${index}` }, value, sort: -1e15 + index },
          { put: { collection, id: `high-${index}` }, value, sort: 1e15 + index },
        ]),
      })
    },
    reports: () => events.filter(({ code }) => code === 'record_unreadable').length,
    issue: (account = ACCOUNT) =>
      issueToken(context, { account, by: actingAs(account), name: 'n', scopes: ['api'] }),
  }
}

describe('a list with a record that cannot be read', () => {
  it('shows the tokens of an account without it, and says so once', async () => {
    const { context, plant, partition, issue, reports } = await fixture()
    must(await issue())
    await plant(partition, tokenRecords.name)
    for (let round = 0; round < 2; round++) {
      const { items } = await listTokens(context, { account: ACCOUNT, limit: 100 })
      expect(items.map(({ name }) => name)).toEqual(['n'])
    }
    expect(reports()).toBe(2 * BAD.length)
  })

  it('shows the tokens of all accounts without bad entries, and without the account whose standing is bad', async () => {
    const { context, store, plant, issue, reports } = await fixture()
    must(await issue())
    must(await issue('bob@example.com'))
    await plant(INDEX, 'tokens')
    const bob = context.partitionOf('bob@example.com')
    await store.commit(bob, { writes: [{ put: STANDING, value: { sessionGeneration: null } }] })
    const { items } = await listAllTokens(context, { limit: 100 })
    expect(items.map(({ account }) => account)).toEqual([ACCOUNT])
    expect(reports()).toBeGreaterThan(0)
  })

  it('shows sessions, API keys, users and audit entries without it', async () => {
    const { context, plant, partition } = await fixture()
    must(
      await createApiKey(apiKeysOf(context), {
        account: ACCOUNT,
        by: actingAs(ACCOUNT),
        name: 'k',
        scopes: ['api'],
      }),
    )
    const user = { userName: 'alice', emails: [{ value: ACCOUNT }], active: true }
    expect(await createUser(scimOf(context), user)).toMatchObject({ ok: true })
    await appendAudit(context, {
      action: 'account.unban',
      actor: ACCOUNT,
      credential: 'service',
      subject: ACCOUNT,
    })
    await plant(partition, sessionRecords.name)
    await plant(partition, 'api-keys')
    await plant(SCIM, users.name)
    await plant('audit', auditEntries.name)
    expect(await listSessions(context, { account: ACCOUNT, limit: 100 })).toEqual({ items: [] })
    expect(await listApiKeys(apiKeysOf(context), { account: ACCOUNT })).toHaveLength(1)
    expect((await listUsers(scimOf(context), { startIndex: 1, count: 100 })).users).toHaveLength(1)
    const audit = await listAudit(context, { limit: 100 })
    expect(audit.items.map(({ action }) => action)).toContain('account.unban')
  })

  it('an unreadable audit entry breaks the chain rather than its verification', async () => {
    const { context, store } = await fixture()
    for (let index = 0; index < 3; index++)
      await appendAudit(context, {
        action: 'account.unban',
        actor: ACCOUNT,
        credential: 'service',
        subject: ACCOUNT,
      })
    await store.commit('audit', {
      writes: [{ put: { collection: auditEntries.name, id: '2' }, value: null, sort: 2 }],
    })
    expect(await verifyAudit(context)).toMatchObject({ intact: false, brokenAt: 2 })
  })

  it('does not keep a ban from being answered', async () => {
    const { context, plant, partition, issue } = await fixture()
    must(await issue())
    await plant(partition, tokenRecords.name)
    await plant(partition, sessionRecords.name)
    const banned = must(await banAccount(context, { account: ACCOUNT, by: actingAs('admin@example.com') }))
    expect(banned.revokedTokens).toBe(1)
  })

  it('is not reported without end', async () => {
    const { context, store, partition, reports } = await fixture()
    for (let round = 0; round < 12; round++)
      await store.commit(partition, {
        writes: Array.from({ length: 100 }, (_, index) => ({
          put: { collection: sessionRecords.name, id: `${round}-${index}` },
          value: null,
        })),
      })
    let cursor: string | undefined
    do {
      const page = await listSessions(context, {
        account: ACCOUNT,
        limit: 200,
        ...(cursor ? { cursor } : {}),
      })
      cursor = page.nextCursor
    } while (cursor)
    expect(reports()).toBe(1000)
  })
})

describe('a decision on a record that cannot be read', () => {
  it.each([
    null,
    5,
    [],
    {},
    { sessionGeneration: 0 },
    { sessionGeneration: 0, tokenGeneration: '0' },
    { sessionGeneration: 0, tokenGeneration: 0, ban: true },
    {
      sessionGeneration: 0,
      tokenGeneration: 0,
      ban: { at: 0, until: 'never', by: '', reason: '', keepTokens: false },
    },
    { sessionGeneration: 0, tokenGeneration: 0, deactivatedAt: 'yes' },
    { sessionGeneration: 0, tokenGeneration: 0, foreignNotBefore: null },
  ] as JsonValue[])('a standing of %j is a malfunction, never a pass', async (value) => {
    const { context, store, partition } = await fixture()
    await store.commit(partition, { writes: [{ put: STANDING, value }] })
    await expect(readStanding(context, partition)).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})
