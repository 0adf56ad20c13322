import { describe, expect, it, vi } from 'vitest'
import { appendAudit } from '../../src/audit/append.js'
import { CHECKPOINT } from '../../src/audit/checkpoint.js'
import { type AuditEntry, entryKey, HEAD } from '../../src/audit/entry.js'
import { listAudit } from '../../src/audit/list.js'
import { pruneAudit } from '../../src/audit/prune.js'
import { keepRetention } from '../../src/audit/retention.js'
import { verifyAudit } from '../../src/audit/verify.js'
import type { GateContext } from '../../src/context/context.js'
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

async function append({ context }: GateFixture, count: number) {
  await Promise.all(
    Array.from({ length: count }, (_, index) => appendAudit(context, { ...ISSUE, details: { index } })),
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

async function change(context: GateContext, sequence: number) {
  const [stored] = await context.store.read(AUDIT, [entryKey(sequence)])
  const value = { ...(stored?.value as unknown as AuditEntry), actor: 'nobody@example.com' }
  await context.store.commit(AUDIT, {
    writes: [{ put: entryKey(sequence), value: value as unknown as JsonValue, sort: sequence }],
  })
}

describe('the retention of the audit log', () => {
  it('cuts off what is older than it says, records that, and leaves a log that verifies', async () => {
    const { context, clock } = await aged(450, 20)
    expect(must(await pruneAudit(context, { by: actingAs('root@example.com') }))).toEqual({
      entries: 450,
      isComplete: true,
    })
    const verified = await verifyAudit(context)
    expect(verified).toMatchObject({
      intact: true,
      entries: 21,
      checkpoint: { sequence: 450, entries: 450, at: clock.now },
    })
    const { items } = await listAudit(context, { limit: 200 })
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
    expect(must(await pruneAudit(fixture.context))).toEqual({ entries: 0, isComplete: true })
    expect(await verifyAudit(fixture.context)).toMatchObject({ intact: true, entries: 3 })
  })

  it('goes on from its own checkpoint', async () => {
    const fixture = await aged(10, 10)
    must(await pruneAudit(fixture.context))
    fixture.clock.advance(31 * DAY_MS)
    expect(must(await pruneAudit(fixture.context))).toMatchObject({ entries: 11 })
    await append(fixture, 5)
    expect(await verifyAudit(fixture.context)).toMatchObject({
      intact: true,
      entries: 6,
      checkpoint: { sequence: 21, entries: 11 },
    })
  })

  it('cuts off once when two processes do it at the same time', async () => {
    const first = await aged(450, 5)
    const second = await gateFixture({ ...first.options, store: first.store })
    const pruned = await Promise.all([first, second, first, second].map(({ context }) => pruneAudit(context)))
    expect(pruned.reduce((sum, one) => sum + must(one).entries, 0)).toBe(450)
    const { items } = await listAudit(first.context, { limit: 200, action: 'audit.prune' })
    expect(items).toHaveLength(1)
    expect(await verifyAudit(second.context)).toMatchObject({ intact: true, entries: 6 })
  })

  it('does not cut the evidence away: a changed entry stays, and stops it', async () => {
    const { context } = await aged(10, 5)
    await change(context, 4)
    expect(refusalOf(await pruneAudit(context))).toBe('audit_broken')
    expect(await verifyAudit(context)).toMatchObject({ intact: false, brokenAt: 4 })
    expect((await listAudit(context, { limit: 200 })).items).toHaveLength(15)
  })

  it.each<[string, number, (context: GateContext) => Promise<unknown>]>([
    ['changed', 12, (context) => change(context, 12)],
    ['removed', 12, (context) => context.store.commit(AUDIT, { writes: [{ delete: entryKey(12) }] })],
    [
      'removed behind the checkpoint',
      11,
      (context) => context.store.commit(AUDIT, { writes: [{ delete: entryKey(11) }] }),
    ],
    [
      'removed at the end',
      16,
      (context) => context.store.commit(AUDIT, { writes: [{ delete: entryKey(16) }] }),
    ],
    [
      'under a head that was removed',
      11,
      (context) => context.store.commit(AUDIT, { writes: [{ delete: HEAD }] }),
    ],
  ])('still shows after a cut that an entry was %s', async (_, brokenAt, tamper) => {
    const { context } = await aged(10, 5)
    must(await pruneAudit(context))
    await tamper(context)
    expect(await verifyAudit(context)).toMatchObject({ intact: false, brokenAt })
  })

  it('shows a checkpoint that was forged, moved on with its entries, or removed', async () => {
    const { context } = await aged(10, 5)
    must(await pruneAudit(context))
    const [stored] = await context.store.read(AUDIT, [CHECKPOINT])
    const [next] = await context.store.read(AUDIT, [entryKey(11)])
    const hash = (next?.value as unknown as AuditEntry | undefined)?.hash
    const forged = { ...(stored?.value as Record<string, JsonValue>), sequence: 11, hash }
    await context.store.commit(AUDIT, {
      writes: [{ delete: entryKey(11) }, { put: CHECKPOINT, value: forged }],
    })
    expect(await verifyAudit(context)).toMatchObject({ intact: false, brokenAt: 1 })
    expect(refusalOf(await pruneAudit(context))).toBe('audit_broken')
    await context.store.commit(AUDIT, { writes: [{ delete: CHECKPOINT }] })
    expect(await verifyAudit(context)).toMatchObject({ intact: false, brokenAt: 1 })
  })

  it('is intact for somebody who verifies while it cuts', async () => {
    const fixture = await aged(450, 250)
    let pruning: Promise<unknown> | undefined
    const store: Store = withFaults(fixture.store, {
      async page(...input) {
        const page = await fixture.store.page(...input)
        pruning ??= pruneAudit(fixture.context)
        await pruning
        return page
      },
    })
    const { context } = await gateFixture({ ...fixture.options, store })
    expect(await verifyAudit(context)).toMatchObject({ intact: true })
    expect(await verifyAudit(context)).toMatchObject({ intact: true, checkpoint: { sequence: 450 } })
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
    const { context } = await gateFixture({ ...fixture.options, store })
    await expect(pruneAudit(context)).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(await verifyAudit(context)).toMatchObject({ intact: true, checkpoint: { sequence: 200 } })
    expect(must(await pruneAudit(context))).toMatchObject({ entries: 250 })
    expect(await verifyAudit(context)).toMatchObject({ intact: true, checkpoint: { sequence: 450 } })
  })

  it('runs by itself in a gate, and is over when that is closed', async () => {
    const { context } = await aged(10, 5)
    const stop = keepRetention(context, 1)
    await vi.waitFor(async () =>
      expect(await verifyAudit(context)).toMatchObject({ checkpoint: { sequence: 10 } }),
    )
    await stop()
    expect(await verifyAudit(context)).toMatchObject({ intact: true, entries: 6 })
  })
})
