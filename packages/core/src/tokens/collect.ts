import type { Deps } from '../deps.js'
import { walk } from '../directory/walk.js'
import { markRevoked } from './revoke.js'
import { TOKENS, tokenRecordOf } from './token.js'

/**
 * Marks the tokens that a newer generation has already revoked, so that lists and counts say so without it. Answers how
 * many had still been good. Housekeeping: they were dead before.
 */
export async function collectRevokedTokens(deps: Deps, account: string, generation: number): Promise<number> {
  const now = deps.clock()
  let count = 0
  for await (const stored of walk(deps, deps.partitionOf(account), TOKENS)) {
    const record = tokenRecordOf(stored)
    if (record.generation >= generation || record.revokedAt !== undefined) continue
    await markRevoked(deps, account, stored.id, { confirm: false })
    if (record.expiresAt > now) count += 1
  }
  return count
}
