import { DIRECTORY, entries } from '../account-index/account-index.js'
import type { Deps } from '../context/context.js'
import { countLive } from '../standing/live.js'
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
export async function summarizeTokens(deps: Deps): Promise<TokenSummary> {
  const ended = { to: deps.clock() }
  const [unmarked, total, marked, pastExpiry, revokedPastExpiry] = await Promise.all([
    countUnmarked(deps),
    deps.store.count(DIRECTORY, 'tokens'),
    deps.store.count(DIRECTORY, 'revoked-tokens'),
    deps.store.count(DIRECTORY, 'tokens-by-expiry', ended),
    deps.store.count(DIRECTORY, 'revoked-tokens', ended),
  ])
  const expired = Math.max(0, pastExpiry - revokedPastExpiry)
  const revoked = marked + unmarked
  return { total, revoked, expired, active: Math.max(0, total - revoked - expired) }
}

/** Tokens that were revoked with all of their account, and whose records do not say so yet. */
async function countUnmarked(deps: Deps): Promise<number> {
  const { records } = await deps.store.page(DIRECTORY, entries.unpruned.name, { limit: LOOKED_AT })
  const counts = records.map(async (entry) => {
    const account = ifReadable(deps, entries.unpruned, entry)?.account
    return account === undefined ? 0 : countUnmarkedOf(deps, deps.partitionOf(account))
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

async function countUnmarkedOf(deps: Deps, partition: string): Promise<number> {
  const { tokenGeneration } = await readStoredStanding(deps, partition)
  const past = Array.from({ length: Math.min(tokenGeneration, GENERATIONS_AT_MOST) })
  const counts = past.map((_, back) => countLive(deps, partition, 'tokens', tokenGeneration - 1 - back))
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}
