import { leave } from '../account-index/account-index.js'
import { giveOthersATurn } from '../accounts/pruning-queue.js'
import type { GateContext } from '../context/context.js'
import { liveRecords } from '../standing/live-counts.js'
import { ifReadable } from '../store/readable.js'
import { walkPages } from '../store/walk.js'
import { handleOf, sessionRecords } from './session.js'

const REMOVED_AT_ONCE = 50

/**
 * Removes the records of sessions that a newer generation has already ended, until done or aborted. Housekeeping: they
 * were dead before.
 */
export async function collectEndedSessions(
  context: GateContext,
  account: string,
  generation: number,
  signal: AbortSignal,
): Promise<void> {
  const partition = context.partitionOf(account)
  for await (const page of walkPages(context, partition, sessionRecords.name, { limit: REMOVED_AT_ONCE })) {
    const ended = page.flatMap((stored) => {
      const record = ifReadable(context, sessionRecords, stored)
      return record && record.generation < generation
        ? [{ id: stored.id, generation: record.generation }]
        : []
    })
    if (signal.aborted) return
    if (ended.length === 0) continue
    const began = performance.now()
    // Unchecked: nothing that lives ever has the id of one that has ended.
    await context.store.commit(partition, {
      quiet: true,
      essential: true,
      writes: ended.flatMap(({ id, generation: endedWith }) => [
        sessionRecords.delete(id),
        liveRecords('sessions', endedWith).delete(id),
      ]),
    })
    await leave(
      context,
      ended.map(({ id }) => ({ index: 'sessions', id: handleOf({ partition, id }) })),
    )
    await giveOthersATurn(began)
  }
}
