import { entries, INDEX } from '../account-index/account-index.js'
import type { GateContext } from '../context/context.js'
import { countLive } from '../standing/live-counts.js'
import { readStoredStanding } from '../standing/standing.js'
import { ifReadable } from '../store/readable.js'

export interface TokenSummary {
  readonly total: number
  readonly active: number
  readonly expired: number
  readonly revoked: number
}

/** Accounts of which everything was revoked a moment ago, at most; the records of others are marked a moment later. */
const LOOKED_AT = 100
const GENERATIONS_AT_MOST = 10

/** How many tokens all accounts have, counted in the directories without reading a token. */
export async function summarizeTokens(context: GateContext): Promise<TokenSummary> {
  const ended = { to: context.clock() }
  const [unmarked, total, marked, pastExpiry, revokedPastExpiry] = await Promise.all([
    countUnmarked(context),
    context.store.count(INDEX, 'tokens'),
    context.store.count(INDEX, 'revoked-tokens'),
    context.store.count(INDEX, 'tokens-by-expiry', ended),
    context.store.count(INDEX, 'revoked-tokens', ended),
  ])
  const expired = Math.max(0, pastExpiry - revokedPastExpiry)
  const revoked = marked + unmarked
  return { total, revoked, expired, active: Math.max(0, total - revoked - expired) }
}

/** Tokens that were revoked with all of their account, and whose records do not say so yet. */
async function countUnmarked(context: GateContext): Promise<number> {
  const { records } = await context.store.page(INDEX, entries.unpruned.name, { limit: LOOKED_AT })
  const counts = records.map(async (entry) => {
    const account = ifReadable(context, entries.unpruned, entry)?.account
    return account === undefined ? 0 : countUnmarkedOf(context, context.partitionOf(account))
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

async function countUnmarkedOf(context: GateContext, partition: string): Promise<number> {
  const { tokenGeneration } = await readStoredStanding(context, partition)
  const past = Array.from({ length: Math.min(tokenGeneration, GENERATIONS_AT_MOST) })
  const counts = past.map((_, back) => countLive(context, partition, 'tokens', tokenGeneration - 1 - back))
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}
