import { describe, expect, it } from 'vitest'
import { appendAudit, audited } from '../../src/audit/append.js'
import { type AuditEntry, auditEntries, entryKey, HEAD } from '../../src/audit/entry.js'
import { listAudit } from '../../src/audit/list.js'
import { verifyAudit } from '../../src/audit/verify.js'
import type { GateContext } from '../../src/context/context.js'
import { refused } from '../../src/errors/outcome.js'
import { PortcullisError } from '../../src/errors/portcullis-error.js'
import type { JsonValue } from '../../src/store/store.js'
import { gateFixture } from '../gate/gate-fixture.js'

const recorded = {
  action: 'account.ban',
  actor: 'admin@example.com',
  credential: 'session',
  subject: 'user@example.com',
} as const

async function withEntries(count: number) {
  const fixture = await gateFixture()
  for (let index = 0; index < count; index++)
    await appendAudit(fixture.context, { ...recorded, details: { index } })
  return fixture
}

async function entry(context: GateContext, sequence: number): Promise<AuditEntry> {
  const [record] = await context.store.read(AUDIT, [{ collection: auditEntries.name, id: String(sequence) }])
  return record?.value as unknown as AuditEntry
}

function rewrite(context: GateContext, sequence: number, value: AuditEntry) {
  const put = { collection: auditEntries.name, id: String(sequence) }
  return context.store.commit(AUDIT, {
    writes: [{ put, value: value as unknown as JsonValue, sort: sequence }],
  })
}

const AUDIT = 'audit'

describe('the audit log', () => {
  it('lists newest first and proves itself intact', async () => {
    const { context } = await withEntries(3)
    const { items } = await listAudit(context, { limit: 2 })
    expect(items.map((item) => item.sequence)).toEqual([3, 2])
    expect(await verifyAudit(context)).toMatchObject({ intact: true, entries: 3 })
  })

  it('keeps one chain without gaps or forks under concurrent appends', async () => {
    const { context } = await gateFixture()
    await Promise.all(Array.from({ length: 50 }, () => appendAudit(context, recorded)))
    expect(await verifyAudit(context)).toMatchObject({ intact: true, entries: 50 })
  })

  it('shows an altered entry', async () => {
    const { context } = await withEntries(5)
    await rewrite(context, 3, { ...(await entry(context, 3)), actor: 'someone-else@example.com' })
    expect(await verifyAudit(context)).toMatchObject({ intact: false, brokenAt: 3 })
  })

  it('shows an entry whose credential, address or request id was altered', async () => {
    for (const altered of [
      { credential: 'master_key' },
      { address: '192.0.2.9' },
      { requestId: 'x' },
    ] as const) {
      const { context } = await gateFixture()
      await appendAudit(context, { ...recorded, address: '192.0.2.1', requestId: 'r-1' })
      expect(await verifyAudit(context)).toMatchObject({ intact: true })
      await rewrite(context, 1, { ...(await entry(context, 1)), ...altered })
      expect(await verifyAudit(context)).toMatchObject({ intact: false, brokenAt: 1 })
    }
  })

  it('shows a removed entry, in the middle and at the end', async () => {
    for (const sequence of [3, 5]) {
      const { context } = await withEntries(5)
      await context.store.commit(AUDIT, {
        writes: [{ delete: { collection: auditEntries.name, id: String(sequence) } }],
      })
      expect(await verifyAudit(context)).toMatchObject({ intact: false, brokenAt: sequence })
    }
  })

  it('shows entries that changed places', async () => {
    const { context } = await withEntries(5)
    const [second, third] = [await entry(context, 2), await entry(context, 3)]
    await rewrite(context, 2, third)
    await rewrite(context, 3, second)
    expect(await verifyAudit(context)).toMatchObject({ intact: false, brokenAt: 2 })
  })

  it('shows a head that was set back without its entries', async () => {
    const { context } = await withEntries(5)
    const fourth = await entry(context, 4)
    await context.store.commit(AUDIT, { writes: [{ put: HEAD, value: { sequence: 4, hash: 'forged' } }] })
    expect(await verifyAudit(context)).toMatchObject({ intact: false })
    expect(fourth.hash).not.toBe('forged')
  })

  it('shows a head that was set back to an entry that is the last no more', async () => {
    const { context, options } = await withEntries(5)
    const { sequence, hash } = await entry(context, 4)
    await context.store.commit(AUDIT, { writes: [{ put: HEAD, value: { sequence, hash } }] })
    const another = await gateFixture(options)
    expect(await verifyAudit(another.context)).toMatchObject({ intact: false, brokenAt: 5 })
  })

  it('shows a head that was removed while its entries are there', async () => {
    const { context, options } = await withEntries(5)
    await context.store.commit(AUDIT, { writes: [{ delete: HEAD }] })
    const another = await gateFixture(options)
    expect(await verifyAudit(another.context)).toMatchObject({ intact: false, brokenAt: 1 })
  })

  it('shows to the process that wrote them that entries were cut off the end, with the head set back', async () => {
    const { context } = await withEntries(5)
    const { sequence, hash } = await entry(context, 4)
    await context.store.commit(AUDIT, {
      writes: [{ delete: entryKey(5) }, { put: HEAD, value: { sequence, hash } }],
    })
    expect(await verifyAudit(context)).toMatchObject({ intact: false, brokenAt: 5 })
  })

  it('says that an action was refused, and certainly not done', async () => {
    const { context } = await gateFixture()
    await audited(context, recorded, async () => refused('own_account'))
    const { items } = await listAudit(context, { limit: 10 })
    expect(items.map((item) => item.outcome)).toEqual(['failed', undefined])
  })

  it('never says that an action failed when the store only did not answer: it may have happened', async () => {
    const { context } = await gateFixture()
    const lost = new PortcullisError('store_unavailable', 'no answer')
    await expect(audited(context, recorded, () => Promise.reject(lost))).rejects.toBe(lost)
    await context.auditQueue.close()
    const { items } = await listAudit(context, { limit: 10 })
    expect(items.map((item) => item.outcome)).toEqual(['unknown', undefined])
  })
})
