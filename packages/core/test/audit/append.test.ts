import { describe, expect, it, vi } from 'vitest'
import { appendAudit, auditQueue } from '../../src/audit/append.js'
import { type AuditedAction, NO_HEAD } from '../../src/audit/entry.js'
import { listAudit } from '../../src/audit/list.js'
import { verifyAudit } from '../../src/audit/verify.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Batch, Store } from '../../src/store/store.js'
import { gateFixture, withFaults } from '../gate/gate-fixture.js'

const BAN = {
  action: 'account.ban',
  actor: 'admin@example.com',
  credential: 'session',
  subject: 'user@example.com',
} as const
const UNBAN = { ...BAN, action: 'account.unban' } as const
const ISSUE = {
  action: 'token.issue',
  actor: 'user@example.com',
  credential: 'session',
  subject: 'user@example.com',
} as const

/** A store whose audit commits are kept, and may be held up. */
function watched() {
  const inner = memoryStore()
  const commits: Batch[] = []
  let gate: Promise<void> | undefined
  const store = withFaults(inner, {
    async commit(partition, batch) {
      if (partition !== 'audit') return inner.commit(partition, batch)
      commits.push(batch)
      await gate
      return inner.commit(partition, batch)
    },
  })
  return {
    store,
    commits,
    actionsOf: (batch: Batch) =>
      batch.writes.flatMap((write) => {
        const action = 'put' in write ? (write.value as { action?: string }).action : undefined
        return action === undefined ? [] : [action]
      }),
    hold() {
      let release = () => {}
      gate = new Promise((resolve) => {
        release = () => {
          gate = undefined
          resolve()
        }
      })
      return release
    },
  }
}

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i))
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'stored',
    (error: { code?: string }) => error.code,
  )

describe('the queue of the audit log', () => {
  it('commits what waits in groups of at most 100, in one chain', async () => {
    const { store, commits } = watched()
    const { context } = await gateFixture({ store })
    await Promise.all(times(250, () => appendAudit(context, ISSUE)))
    expect(commits).toHaveLength(3)
    expect(await verifyAudit(context)).toMatchObject({ intact: true, entries: 250 })
  })

  it('commits a ban before the strangers who came first, in a batch of its own that is essential', async () => {
    const { store, commits, actionsOf, hold } = watched()
    const { context } = await gateFixture({ store, storeDeadlineMs: 5000 })
    const release = hold()
    const appended = times(300, () => appendAudit(context, ISSUE))
    await vi.waitFor(() => expect(commits).toHaveLength(1))
    appended.push(appendAudit(context, UNBAN), appendAudit(context, BAN))
    release()
    await Promise.all(appended)
    expect(commits[1]?.essential).toBe(true)
    expect(actionsOf(commits[1] as Batch)).toEqual(['account.ban'])
    expect(commits[2]?.essential).toBe(true)
    expect(actionsOf(commits[2] as Batch)).toEqual(['account.unban'])
    for (const batch of [...commits.slice(0, 1), ...commits.slice(3)]) expect(batch.essential).toBeUndefined()
  })

  it('is bounded: whoever comes when it is full is refused at once, but not an administrator', async () => {
    const { store, commits, hold } = watched()
    const { context } = await gateFixture({ store, storeDeadlineMs: 5000 })
    const release = hold()
    const first = appendAudit(context, ISSUE)
    await vi.waitFor(() => expect(commits).toHaveLength(1))
    const waiting = times(1999, () => appendAudit(context, ISSUE))
    expect(await codeOf(appendAudit(context, ISSUE))).toBe('store_unavailable')
    const ban = appendAudit(context, BAN)
    release()
    await Promise.all([first, ...waiting, ban])
    expect(await verifyAudit(context)).toMatchObject({ intact: true, entries: 2001 })
  })

  it('fails all who wait within one deadline when the store stalls, instead of one after the other', async () => {
    const inner = memoryStore()
    const never = () => new Promise<never>(() => {})
    let stalled = false
    const store: Store = withFaults(inner, {
      read: (...input) => (stalled ? never() : inner.read(...input)),
      commit: (...input) => (stalled ? never() : inner.commit(...input)),
    })
    const { context } = await gateFixture({ store, storeDeadlineMs: 100 })
    stalled = true
    const began = performance.now()
    const codes = await Promise.all(times(500, (i) => codeOf(appendAudit(context, i % 2 ? ISSUE : BAN))))
    expect(new Set(codes)).toEqual(new Set(['store_unavailable']))
    expect(performance.now() - began).toBeLessThan(1000)
    stalled = false
    await appendAudit(context, BAN)
    expect(await verifyAudit(context)).toMatchObject({ intact: true, entries: 1 })
  })

  it('never commits what it gave up while it waited', async () => {
    const { store, commits, hold } = watched()
    const queue = directQueue(store, 50)
    const release = hold()
    const first = queue.append(BAN)
    await vi.waitFor(() => expect(commits).toHaveLength(1))
    expect(await codeOf(queue.append(ISSUE))).toBe('store_unavailable')
    release()
    await first
    await queue.append(BAN)
    await queue.close()
    const actions = (await listOf(store)).map(({ action }) => action)
    expect(actions).toEqual(['account.ban', 'account.ban'])
  })

  it('says that an action did not happen whose entry was stored only after it was given up', async () => {
    const { store, commits, hold } = watched()
    const queue = directQueue(store, 50)
    const release = hold()
    const given = codeOf(queue.append(ISSUE))
    await vi.waitFor(() => expect(commits).toHaveLength(1))
    expect(await given).toBe('store_unavailable')
    release()
    await vi.waitFor(async () =>
      expect((await listOf(store)).map(({ outcome }) => outcome)).toEqual(['failed', undefined]),
    )
  })

  it('says so too when the answer to the commit was lost', async () => {
    const inner = memoryStore()
    let isLost = true
    const store = withFaults(inner, {
      async commit(partition, batch) {
        const result = await inner.commit(partition, batch)
        if (isLost) throw new Error('connection reset')
        return result
      },
    })
    const queue = directQueue(store, 200)
    expect(await codeOf(queue.append(BAN))).toBe('store_unavailable')
    isLost = false
    await queue.append(ISSUE)
    await vi.waitFor(async () =>
      expect((await listOf(store)).map(({ action, outcome }) => [action, outcome])).toEqual([
        ['account.ban', 'failed'],
        ['token.issue', undefined],
        ['account.ban', undefined],
      ]),
    )
    await queue.close()
  })

  it('keeps one chain when several processes append at once', async () => {
    const store = memoryStore()
    const gates = await Promise.all(times(4, () => gateFixture({ store, storeDeadlineMs: 5000 })))
    await Promise.all(gates.flatMap(({ context }) => times(300, () => appendAudit(context, ISSUE))))
    const [first] = gates
    if (!first) throw new Error('no gate')
    expect(await verifyAudit(first.context)).toMatchObject({ intact: true, entries: 1200 })
  })

  it('is done when it is closed, and takes nothing afterwards', async () => {
    const { context } = await gateFixture()
    const appended = times(150, () => appendAudit(context, ISSUE))
    await context.auditQueue.close()
    expect((await listAudit(context, { limit: 200 })).items).toHaveLength(150)
    await Promise.all(appended)
    expect(await codeOf(appendAudit(context, BAN))).toBe('store_unavailable')
  })
})

it('a recording that has yet to append its entry is waited for when it is closed', async () => {
  const { context } = await gateFixture()
  const recording = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    await appendAudit(context, ISSUE)
  }
  context.auditQueue.expect(recording())
  await context.auditQueue.close()
  expect((await listAudit(context, { limit: 10 })).items).toHaveLength(1)
})

/** Without the deadline of the store: what it takes is for the test to say. */
function directQueue(store: Store, deadlineMs: number) {
  const chain = { store, partition: 'audit', key: new Uint8Array(32), clock: Date.now, newest: NO_HEAD }
  return auditQueue({ chain, deadlineMs, report: () => {} })
}

/** Newest first. */
async function listOf(store: Store): Promise<AuditedAction[]> {
  const { records } = await store.page('audit', 'entries', { limit: 100, order: 'descending' })
  return records.map(({ value }) => value as unknown as AuditedAction)
}
