import { enter } from '../account-index/account-index.js'
import { giveOthersATurn } from '../accounts/pruning-queue.js'
import type { GateContext } from '../context/context.js'
import { liveRecords } from '../standing/live-counts.js'
import { ifReadable } from '../store/readable.js'
import type { StoredRecord } from '../store/store.js'
import { walkPages } from '../store/walk.js'
import { markRevoked } from './revoke.js'
import { recordDeadline, tokenRecords } from './token.js'

const MARKED_AT_ONCE = 50

/**
 * Marks the tokens that a newer generation has already revoked, so that counts over all accounts say so without it, until
 * done or aborted. Housekeeping: they were dead before, and a store that is full need not take it.
 */
export async function collectRevokedTokens(
  context: GateContext,
  account: string,
  generation: number,
  signal: AbortSignal,
): Promise<void> {
  const pages = walkPages(context, context.partitionOf(account), tokenRecords.name, { limit: MARKED_AT_ONCE })
  for await (const page of pages) {
    if (signal.aborted) return
    const dead = page.filter((stored) => {
      const record = ifReadable(context, tokenRecords, stored)
      return record && record.generation < generation && record.revokedAt === undefined
    })
    const began = performance.now()
    await markAll(context, account, dead)
    await giveOthersATurn(began)
  }
}

/** In one commit; one by one where somebody else has changed one of them meanwhile. */
async function markAll(context: GateContext, account: string, chunk: readonly StoredRecord[]): Promise<void> {
  if (chunk.length === 0) return
  const revokedAt = context.clock()
  const marks = chunk.map((stored) => {
    const record = tokenRecords.read(stored)
    const { id, version, sort } = stored
    return { id, version, sort, record, deadline: recordDeadline(context, record) }
  })
  await enter(
    context,
    marks.map(({ id, record, deadline }) => ({
      index: 'revoked-tokens',
      id,
      account,
      sort: record.expiresAt,
      expiresAt: deadline,
    })),
  )
  const result = await context.store.commit(context.partitionOf(account), {
    checks: marks.map(({ id, version }) => ({ key: tokenRecords.key(id), version })),
    writes: marks.flatMap(({ id, sort, record, deadline }) => [
      tokenRecords.put(id, { ...record, revokedAt }, { sort, expiresAt: deadline }),
      liveRecords('tokens', record.generation).delete(id),
    ]),
  })
  if (result.committed) return
  for (const { id } of marks) await markRevoked(context, account, id, { confirm: false })
}
