import type { Deps } from '../deps.js'
import { enter } from '../directory/directory.js'
import { walk } from '../directory/walk.js'
import { ifReadable } from '../store/readable.js'
import type { StoredRecord } from '../store/store.js'
import { markRevoked } from './revoke.js'
import { recordDeadline, TOKENS, tokenRecordKey, tokenRecordOf } from './token.js'

const MARKED_AT_ONCE = 100

/**
 * Marks the tokens that a newer generation has already revoked, so that lists and counts say so without it. Answers how
 * many had still been good. Housekeeping: they were dead before.
 */
export async function collectRevokedTokens(deps: Deps, account: string, generation: number): Promise<number> {
  const now = deps.clock()
  let count = 0
  let chunk: StoredRecord[] = []
  for await (const stored of walk(deps, deps.partitionOf(account), TOKENS)) {
    const record = ifReadable(deps, TOKENS, stored, tokenRecordOf)
    if (!record || record.generation >= generation || record.revokedAt !== undefined) continue
    if (record.expiresAt > now) count += 1
    chunk.push(stored)
    if (chunk.length < MARKED_AT_ONCE) continue
    await markAll(deps, account, chunk)
    chunk = []
  }
  await markAll(deps, account, chunk)
  return count
}

/** In one commit; one by one where somebody else has changed one of them meanwhile. */
async function markAll(deps: Deps, account: string, chunk: readonly StoredRecord[]): Promise<void> {
  if (chunk.length === 0) return
  const revokedAt = deps.clock()
  const marks = chunk.map((stored) => {
    const record = tokenRecordOf(stored)
    const { id, version, sort } = stored
    return { id, version, sort, record, deadline: recordDeadline(deps, record) }
  })
  await enter(
    deps,
    marks.map(({ id, record, deadline }) => ({
      directory: 'revoked-tokens',
      id,
      account,
      sort: record.expiresAt,
      expiresAt: deadline,
    })),
    { essential: true },
  )
  const result = await deps.store.commit(deps.partitionOf(account), {
    essential: true,
    checks: marks.map(({ id, version }) => ({ key: tokenRecordKey(id), version })),
    writes: marks.map(({ id, sort, record, deadline }) => ({
      put: tokenRecordKey(id),
      value: { ...record, revokedAt },
      sort,
      expiresAt: deadline,
    })),
  })
  if (result.committed) return
  for (const { id } of marks) await markRevoked(deps, account, id, { confirm: false })
}
