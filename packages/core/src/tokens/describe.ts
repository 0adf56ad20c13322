import { lastUseOf, useKey } from '../activity/touch.js'
import type { Deps } from '../deps.js'
import { STANDING, standingOf } from '../standing/standing.js'
import type { StoredRecord } from '../store/store.js'
import { statusOf, type TokenInfo, tokenRecordKey, tokenRecordOf } from './token.js'

/** What is known of these tokens of one account, in their order, read in one step; those that are gone are left out. */
export async function describeTokens(
  deps: Deps,
  account: string,
  ids: readonly string[],
): Promise<TokenInfo[]> {
  if (ids.length === 0) return []
  const records = await deps.store.read(deps.partitionOf(account), [
    STANDING,
    ...ids.map(tokenRecordKey),
    ...ids.map((id) => useKey('token', id)),
  ])
  const standing = standingOf(records[0])
  const now = deps.clock()
  return ids.flatMap((id, index) => {
    const stored: StoredRecord | undefined = records[1 + index]
    if (!stored) return []
    const { name, scopes, createdAt, expiresAt } = tokenRecordOf(stored)
    const lastUsedAt = lastUseOf(records[1 + ids.length + index])
    const status = statusOf(tokenRecordOf(stored), standing, now)
    return [
      { id, account, name, scopes, createdAt, expiresAt, status, ...(lastUsedAt ? { lastUsedAt } : {}) },
    ]
  })
}
