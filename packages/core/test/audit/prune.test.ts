import { describe, expect, it, vi } from 'vitest'
import { appendAudit } from '../../src/audit/append.js'
import { CHECKPOINT } from '../../src/audit/checkpoint.js'
import { type AuditEntry, entryKey, HEAD } from '../../src/audit/entry.js'
import { listAudit } from '../../src/audit/list.js'
import { pruneAudit } from '../../src/audit/prune.js'
import { keepRetention } from '../../src/audit/retention.js'
import { verifyAudit } from '../../src/audit/verify.js'
import type { Deps } from '../../src/context/context.js'
import type { JsonValue, Store } from '../../src/store/store.js'
import { actingAs, type GateFixture, gateFixture, must, refusalOf, withFaults } from '../gate/gate-fixture.js'

const AUDIT = 'audit'
const DAY_MS = 86_400_000
const ISSUE = {
  action: 'token.issue',
  actor: 'user@example.com',
  credential: 'session',
  subject: 'user@example.com',
} as const

async function append({ deps }: GateFixture, count: number) {
  await Promise.all(
    Array.from({ length: count }, (_, index) => appendAudit(deps, { ...ISSUE, details: { index } })),
  )
}

/** Entries of the first day, then `fresh` ones when the first are older than the retention. */
async function aged(old: number, fresh: number) {
  const fixture = await gateFixture({ auditRetentionDays: 30 })
  await append(fixture, old)
  fixture.clock.advance(31 * DAY_MS)
  await append(fixture, fresh)
  return fixture
}

async function change(deps: Deps, sequence: number) {
  const [stored] = await deps.store.read(AUDIT, [entryKey(sequence)])
  const value = { ...(stored?.value as unknown as AuditEntry), actor: 'nobody@example.com' }
  await deps.store.commit(AUDIT, {
    writes: [{ put: entryKey(sequence), value: value as unknown as JsonValue, sort: sequence }],
  })
}

describe('the retention of the audit log', () => {
  it('cuts off what is older than it says, records that, and leaves a log that verifies', async () => {
    const { deps, clock } = await aged(450, 20)
    expect(must(await pruneAudit(deps, { by: actingAs('root@example.com') }))).toEqual({
      entries: 450,
      isComplete: true,
    })
    const verified = await verifyAudit(deps)
    expect(verified).toMatchObject({
      intact: true,
      entries: 21,
      checkpoint: { sequence: 450, entries: 450, at: clock.now },
    })
    const { items } = await listAudit(deps, { limit: 200 })
    expect(items).toHaveLength(21)
    expect(items[0]).toMatchObject({
      action: 'audit.prune',
      actor: 'root@example.com',
      details: { through: 450, entries: 450 },
    })
  })

  it('leaves and records nothing where nothing is old enough', async () => {
    const fixture = await gateFixture({ auditRetentionDays: 30 })
    await append(fixture, 3)
    fixture.clock.advance(30 * DAY_MS)
    expect(must(await pruneAudit(fixture.deps))).toEqual({ entries: 0, isComplete: true })
    expect(await verifyAudit(fixture.deps)).toMatchObject({ intact: true, entries: 3 })
  })

  it('goes on from its own checkpoint', async () => {
    const fixture = await aged(10, 10)
    must(await pruneAudit(fixture.deps))
    fixture.clock.advance(31 * DAY_MS)
    expect(must(await pruneAudit(fixture.deps))).toMatchObject({ entries: 11 })
    await append(fixture, 5)
    expect(await verifyAudit(fixture.deps)).toMatchObject({
      intact: true,
      entries: 6,
      checkpoint: { sequence: 21, entries: 11 },
    })
  })

  it('cuts off once when two processes do it at the same time', async () => {
    const first = await aged(450, 5)
    const second = await gateFixture({ ...first.options, store: first.store })
    const pruned = await Promise.all([first, second, first, second].map(({ deps }) => pruneAudit(deps)))
    expect(pruned.reduce((sum, one) => sum + must(one).entries, 0)).toBe(450)
    const { items } = await listAudit(first.deps, { limit: 200, action: 'audit.prune' })
    expect(items).toHaveLength(1)
    expect(await verifyAudit(second.deps)).toMatchObject({ intact: true, entries: 6 })
  })

  it('does not cut the evidence away: a changed entry stays, and stops it', async () => {
    const { deps } = await aged(10, 5)
    await change(deps, 4)
    expect(refusalOf(await pruneAudit(deps))).toBe('audit_broken')
    expect(await verifyAudit(deps)).toMatchObject({ intact: false, brokenAt: 4 })
    expect((await listAudit(deps, { limit: 200 })).items).toHaveLength(15)
  })

  it.each<[string, number, (deps: Deps) => Promise<unknown>]>([
    ['changed', 12, (deps) => change(deps, 12)],
    ['removed', 12, (deps) => deps.store.commit(AUDIT, { writes: [{ delete: entryKey(12) }] })],
    [
      'removed behind the checkpoint',
      11,
      (deps) => deps.store.commit(AUDIT, { writes: [{ delete: entryKey(11) }] }),
    ],
    ['removed at the end', 16, (deps) => deps.store.commit(AUDIT, { writes: [{ delete: entryKey(16) }] })],
    ['under a head that was removed', 11, (deps) => deps.store.commit(AUDIT, { writes: [{ delete: HEAD }] })],
  ])('still shows after a cut that an entry was %s', async (_, brokenAt, tamper) => {
    const { deps } = await aged(10, 5)
    must(await pruneAudit(deps))
    await tamper(deps)
    expect(await verifyAudit(deps)).toMatchObject({ intact: false, brokenAt })
  })

  it('shows a checkpoint that was forged, moved on with its entries, or removed', async () => {
    const { deps } = await aged(10, 5)
    must(await pruneAudit(deps))
    const [stored] = await deps.store.read(AUDIT, [CHECKPOINT])
    const [next] = await deps.store.read(AUDIT, [entryKey(11)])
    const hash = (next?.value as unknown as AuditEntry | undefined)?.hash
    const forged = { ...(stored?.value as Record<string, JsonValue>), sequence: 11, hash }
    await deps.store.commit(AUDIT, { writes: [{ delete: entryKey(11) }, { put: CHECKPOINT, value: forged }] })
    expect(await verifyAudit(deps)).toMatchObject({ intact: false, brokenAt: 1 })
    expect(refusalOf(await pruneAudit(deps))).toBe('audit_broken')
    await deps.store.commit(AUDIT, { writes: [{ delete: CHECKPOINT }] })
    expect(await verifyAudit(deps)).toMatchObject({ intact: false, brokenAt: 1 })
  })

  it('is intact for somebody who verifies while it cuts', async () => {
    const fixture = await aged(450, 250)
    let pruning: Promise<unknown> | undefined
    const store: Store = withFaults(fixture.store, {
      async page(...input) {
        const page = await fixture.store.page(...input)
        pruning ??= pruneAudit(fixture.deps)
        await pruning
        return page
      },
    })
    const { deps } = await gateFixture({ ...fixture.options, store })
    expect(await verifyAudit(deps)).toMatchObject({ intact: true })
    expect(await verifyAudit(deps)).toMatchObject({ intact: true, checkpoint: { sequence: 450 } })
  })

  it('goes on after it was stopped half way by the store', async () => {
    const fixture = await aged(450, 5)
    let cuts = 0
    const store = withFaults(fixture.store, {
      async commit(partition, batch) {
        const isCut = batch.writes.length > 100
        if (isCut && ++cuts === 2) throw new Error('connection reset')
        return fixture.store.commit(partition, batch)
      },
    })
    const { deps } = await gateFixture({ ...fixture.options, store })
    await expect(pruneAudit(deps)).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(await verifyAudit(deps)).toMatchObject({ intact: true, checkpoint: { sequence: 200 } })
    expect(must(await pruneAudit(deps))).toMatchObject({ entries: 250 })
    expect(await verifyAudit(deps)).toMatchObject({ intact: true, checkpoint: { sequence: 450 } })
  })

  it('runs by itself in a gate, and is over when that is closed', async () => {
    const { deps } = await aged(10, 5)
    const stop = keepRetention(deps, 1)
    await vi.waitFor(async () =>
      expect(await verifyAudit(deps)).toMatchObject({ checkpoint: { sequence: 10 } }),
    )
    await stop()
    expect(await verifyAudit(deps)).toMatchObject({ intact: true, entries: 6 })
  })
})
