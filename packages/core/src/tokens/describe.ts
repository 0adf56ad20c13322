import { lastUseOf, tokenUses } from '../activity/touch.js'
import type { GateContext } from '../context/context.js'
import { STANDING, standingOf } from '../standing/standing.js'
import { ifReadable } from '../store/readable.js'
import type { StoredRecord } from '../store/store.js'
import { statusOf, type TokenInfo, tokenRecords } from './token.js'

/** What is known of these tokens of one account, in their order, read in one step; those that are gone or unreadable are left out. */
export async function describeTokens(
  context: GateContext,
  account: string,
  ids: readonly string[],
): Promise<TokenInfo[]> {
  if (ids.length === 0) return []
  const records = await context.store.read(context.partitionOf(account), [
    STANDING,
    ...ids.map(tokenRecords.key),
    ...ids.map((id) => tokenUses.key(id)),
  ])
  const standing = standingOf(records[0])
  const now = context.clock()
  return ids.flatMap((id, index) => {
    const stored: StoredRecord | undefined = records[1 + index]
    const record = stored && ifReadable(context, tokenRecords, stored)
    if (!record) return []
    const { name, scopes, createdAt, expiresAt } = record
    const lastUsedAt = lastUseOf(records[1 + ids.length + index])
    const status = statusOf(record, standing, now)
    return [
      { id, account, name, scopes, createdAt, expiresAt, status, ...(lastUsedAt ? { lastUsedAt } : {}) },
    ]
  })
}
