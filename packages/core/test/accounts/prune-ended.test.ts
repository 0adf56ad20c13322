import { describe, expect, it } from 'vitest'
import { entries, INDEX } from '../../src/account-index/account-index.js'
import { banAccount } from '../../src/accounts/ban.js'
import { forceLogout } from '../../src/accounts/force-logout.js'
import { resumePruning } from '../../src/accounts/prune-ended.js'
import { createGate } from '../../src/gate/create-gate.js'
import { listSessions } from '../../src/sessions/list.js'
import { sessionRecords } from '../../src/sessions/session.js'
import { startSession } from '../../src/sessions/start.js'
import { memoryStore } from '../../src/store/memory.js'
import { issueToken } from '../../src/tokens/issue.js'
import { listTokens } from '../../src/tokens/list.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import { summarizeTokens } from '../../src/tokens/summarize.js'
import { tokenRecords } from '../../src/tokens/token.js'
import { actingAs, gateFixture, must, PROGRAM, TestClock, withFaults } from '../gate/gate-fixture.js'

const account = 'user@example.com'
const by = actingAs('admin@example.com')
const facts = { email: account, groups: [], issuer: 'https://idp.test', subject: '1', idToken: 'x.y.z' }
const TOKEN_COUNT = 250
const SESSION_COUNT = 3

/** An account with tokens and sessions, whose records nothing prunes as long as the test holds it up. */
async function heldUp() {
  const clock = new TestClock()
  const memory = memoryStore({ clock: clock.read })
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let reach = () => {}
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  let isHeld = false
  const isOfPruning = (collection: string) =>
    isHeld && [tokenRecords.name, sessionRecords.name].includes(collection)
  const store = withFaults(memory, {
    async page(partition, collection, query) {
      if (isOfPruning(collection) && query.limit === 50) {
        reach()
        await held
      }
      return memory.page(partition, collection, query)
    },
  })
  const fixture = await gateFixture({ store, clock: clock.read, storeDeadlineMs: 10_000 })
  const { context } = fixture
  for (let count = 0; count < TOKEN_COUNT; count++) must(await issueToken(context, { account, by: PROGRAM }))
  for (let count = 0; count < SESSION_COUNT; count++) must(await startSession(context, facts))
  isHeld = true
  const unpruned = () => memory.count(INDEX, entries.unpruned.name)
  const recordsOf = async (collection: string) =>
    (await memory.page(context.partitionOf(account), collection, { limit: 1000 })).records
  return { ...fixture, clock, memory, release, reached, unpruned, recordsOf }
}

describe('a ban', () => {
  it('is answered, with true counts, before a record is pruned; pruning goes on behind it', async () => {
    const { context, release, unpruned, recordsOf } = await heldUp()
    const banned = must(await banAccount(context, { account, by }))
    expect(banned).toMatchObject({ endedSessions: SESSION_COUNT, revokedTokens: TOKEN_COUNT })
    expect(await recordsOf(sessionRecords.name)).toHaveLength(SESSION_COUNT)
    expect(await unpruned()).toBe(1)
    release()
    await context.pruning.settled()
    expect(await recordsOf(sessionRecords.name), 'which tell of the ban').toHaveLength(SESSION_COUNT)
    expect(
      (await recordsOf(tokenRecords.name)).every(
        (stored) => tokenRecords.read(stored).revokedAt !== undefined,
      ),
    ).toBe(true)
    expect(await unpruned()).toBe(0)
  })

  it('is answered without a count rather than refused when the store does not tell', async () => {
    const { context, events } = await heldUp()
    const failing = {
      ...context,
      store: { ...context.store, count: () => Promise.reject(new Error('planted')) },
    }
    const banned = must(await banAccount(failing, { account, by }))
    expect([banned.endedSessions, banned.revokedTokens]).toEqual([undefined, undefined])
    expect(events.map(({ code }) => code)).toContain('ended_uncounted')
  })
})

describe('while pruning runs', () => {
  it('lists and summaries show nothing that is dead as alive', async () => {
    const { context, clock } = await heldUp()
    must(await revokeAllTokens(context, { account, by }))
    clock.advance(1)
    must(await forceLogout(context, { account, by }))
    must(await issueToken(context, { account, by: PROGRAM }))
    expect((await listSessions(context, { account, limit: 200 })).items).toEqual([])
    const { items } = await listTokens(context, { account, limit: 200 })
    expect(items.filter(({ status }) => status === 'active')).toHaveLength(1)
    const summary = { total: TOKEN_COUNT + 1, active: 1, revoked: TOKEN_COUNT, expired: 0 }
    expect(await summarizeTokens(context)).toEqual(summary)
  })

  it('another revocation answers how many it has ended itself', async () => {
    const { context, release, recordsOf } = await heldUp()
    expect(must(await revokeAllTokens(context, { account, by })).revokedCount).toBe(TOKEN_COUNT)
    must(await issueToken(context, { account, by: PROGRAM }))
    expect(must(await revokeAllTokens(context, { account, by })).revokedCount).toBe(1)
    release()
    await context.pruning.settled()
    expect(
      (await recordsOf(tokenRecords.name)).every(
        (stored) => tokenRecords.read(stored).revokedAt !== undefined,
      ),
    ).toBe(true)
  })
})

describe('closing the gate', () => {
  it('awaits the batch that pruning is at, and begins no other', async () => {
    const memory = memoryStore({ clock: new TestClock().read })
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let begun = 0
    let done = 0
    const store = withFaults(memory, {
      async commit(partition, batch) {
        const isMark = batch.writes.length >= 50 && !batch.quiet
        if (!isMark) return memory.commit(partition, batch)
        begun += 1
        await held
        const result = await memory.commit(partition, batch)
        done += 1
        return result
      },
    })
    const { options } = await gateFixture({ store, storeDeadlineMs: 10_000 })
    const gate = await createGate(options)
    for (let count = 0; count < TOKEN_COUNT; count++) must(await gate.tokens.issue({ account }))
    must(await gate.tokens.revokeAll({ account, by: { service: 'test' } }))
    await expect.poll(() => begun).toBe(1)
    let isClosed = false
    const closed = gate.close().then(() => {
      isClosed = true
    })
    await new Promise(setImmediate)
    expect(isClosed).toBe(false)
    release()
    await closed
    expect([begun, done]).toEqual([1, 1])
  })
})

describe('pruning that was stopped half way', () => {
  it('is resumed by another process', async () => {
    const { context, release, unpruned, clock, options, recordsOf } = await heldUp()
    must(await revokeAllTokens(context, { account, by }))
    const closed = context.pruning.close()
    release()
    await closed
    expect(await unpruned()).toBe(1)
    clock.advance(60_000)
    const { context: other } = await gateFixture(options)
    const stop = resumePruning(other, 0)
    await expect.poll(unpruned).toBe(0)
    await stop()
    expect(
      (await recordsOf(tokenRecords.name)).every(
        (stored) => tokenRecords.read(stored).revokedAt !== undefined,
      ),
    ).toBe(true)
  })

  it('leaves what was ended meanwhile to be found', async () => {
    const { context, release, reached, unpruned, memory, clock } = await heldUp()
    must(await revokeAllTokens(context, { account, by }))
    await reached
    const put = { collection: entries.unpruned.name, id: context.partitionOf(account) }
    await memory.commit(INDEX, { writes: [{ put, value: { account }, sort: clock.now }] })
    release()
    await context.pruning.settled()
    expect(await unpruned()).toBe(1)
  })
})
