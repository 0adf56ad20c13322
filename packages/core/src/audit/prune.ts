import { type Actor, auditedAs, serviceActor } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { collection, present } from '../store/collection.js'
import type { Millis } from '../store/store.js'
import { walk } from '../store/walk.js'
import { appendAudit } from './append.js'
import type { AuditChain } from './chain.js'
import { type AuditCheckpoint, CHECKPOINT, headAfter, putCheckpoint, readCheckpoint } from './checkpoint.js'
import { auditEntries, type Head } from './entry.js'
import { entryOf, linkAfter } from './verify.js'

/** In one commit: few enough that nobody else waits for more than some milliseconds. */
const CUT_AT_ONCE = 200
const CUT_A_RUN = 10_000
const DAY_MS = 86_400_000
/** One record while a process prunes. */
export const pruningLeases = collection<true>('pruning', present)
const LEASE = pruningLeases.key('lease')
/** Far longer than a run takes; after a crash nobody prunes for that long. */
const LEASE_MS = 600_000

/** The name of the retention in the audit log. No e-mail, so no account can have it. */
const RETENTION = serviceActor('audit-retention')

export interface PrunedAudit {
  /** How many entries were cut off. */
  readonly entries: number
  /** False when more are old enough: one call cuts off at most 10000. */
  readonly isComplete: boolean
}

/**
 * Cuts off the entries that are older than `auditRetentionDays`, oldest first, and says so in the log. What is cut off
 * was verified before and ends in a sealed checkpoint, from which `verifyAudit` goes on. One at a time over all processes;
 * whoever comes second cuts nothing. Refused with `audit_broken`, with everything in place, when the entries to be cut off
 * are not intact.
 */
export async function pruneAudit(
  context: GateContext,
  { by = RETENTION }: { by?: Actor } = {},
): Promise<Outcome<PrunedAudit>> {
  const plan = await planCut(context)
  if (plan === 'broken') return refused('audit_broken')
  const last = plan.cuts.at(-1)
  if (!last) return done({ entries: 0, isComplete: true })
  if (!(await takeLease(context.auditChain))) return done({ entries: 0, isComplete: false })
  try {
    const details = { through: last.sequence, entries: last.sequence - plan.from.sequence }
    await appendAudit(context, { action: 'audit.prune', ...auditedAs(by), subject: 'audit', details })
    return done({ entries: await cutAll(context.auditChain, plan), isComplete: plan.isComplete })
  } finally {
    await leaveLease(context)
  }
}

interface Plan {
  readonly from: Head
  /** Where each commit ends. */
  readonly cuts: readonly Head[]
  readonly isComplete: boolean
}

async function planCut(context: GateContext): Promise<Plan | 'broken'> {
  const { auditChain: chain, options } = context
  const before = context.clock() - options.auditRetentionDays * DAY_MS
  const [record] = await chain.store.read(chain.partition, [CHECKPOINT])
  const checkpoint = readCheckpoint(chain, record)
  if (checkpoint === 'forged') return 'broken'
  const from = headAfter(checkpoint)
  const cuts: Head[] = []
  let last = from
  const planned = (isComplete: boolean): Plan => ({
    from,
    cuts: last.sequence > (cuts.at(-1) ?? from).sequence ? [...cuts, last] : cuts,
    isComplete,
  })
  for await (const stored of walk(context, chain.partition, auditEntries.name, 'ascending')) {
    const at = entryOf(stored)?.at
    if (at === undefined) return 'broken'
    if (at >= before) break
    if (last.sequence - from.sequence === CUT_A_RUN) return planned(false)
    const next = linkAfter(chain, last, stored)
    if (!next) return (await hasMoved(chain, from)) ? { from, cuts: [], isComplete: true } : 'broken'
    last = next
    if ((last.sequence - from.sequence) % CUT_AT_ONCE === 0) cuts.push(last)
  }
  return planned(true)
}

/** Somebody else has cut off what was being walked. */
async function hasMoved(chain: AuditChain, from: Head): Promise<boolean> {
  const [record] = await chain.store.read(chain.partition, [CHECKPOINT])
  const checkpoint = readCheckpoint(chain, record)
  return checkpoint !== 'forged' && headAfter(checkpoint).sequence > from.sequence
}

/** Answers how many entries were cut off. Stops where somebody else cuts. */
async function cutAll(chain: AuditChain, { from, cuts }: Plan): Promise<number> {
  const at = chain.clock()
  let last = from
  for (const next of cuts) {
    const checkpoint = { ...next, at, entries: next.sequence - from.sequence }
    if (!(await cut(chain, last, checkpoint))) break
    last = next
  }
  return last.sequence - from.sequence
}

async function cut(chain: AuditChain, last: Head, checkpoint: AuditCheckpoint): Promise<boolean> {
  const [record] = await chain.store.read(chain.partition, [CHECKPOINT])
  const current = readCheckpoint(chain, record)
  if (current === 'forged' || headAfter(current).sequence !== last.sequence) return false
  const count = checkpoint.sequence - last.sequence
  const result = await chain.store.commit(chain.partition, {
    quiet: true,
    essential: true,
    checks: [{ key: CHECKPOINT, version: record?.version ?? null }],
    writes: [
      ...Array.from({ length: count }, (_, index) => auditEntries.delete(String(last.sequence + 1 + index))),
      putCheckpoint(chain, checkpoint),
    ],
  })
  return result.committed
}

async function takeLease({ store, partition, clock }: AuditChain): Promise<boolean> {
  const expiresAt: Millis = clock() + LEASE_MS
  const result = await store.commit(partition, {
    quiet: true,
    essential: true,
    checks: [{ key: LEASE, version: null }],
    writes: [pruningLeases.put(LEASE.id, true, { expiresAt })],
  })
  return result.committed
}

async function leaveLease({ auditChain: { store, partition }, report }: GateContext): Promise<void> {
  await store
    .commit(partition, { quiet: true, writes: [pruningLeases.delete(LEASE.id)] })
    .catch((cause: unknown) =>
      report({
        level: 'warn',
        code: 'audit_prune_failed',
        detail: 'Nothing is cut off the audit log for ten minutes: the lease was not given back',
        cause,
      }),
    )
}
