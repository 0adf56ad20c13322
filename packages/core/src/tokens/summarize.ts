import type { Deps } from '../deps.js'
import { DIRECTORY } from '../directory/directory.js'

export interface TokenSummary {
  readonly total: number
  readonly active: number
  readonly expired: number
  readonly revoked: number
}

/** How many tokens all accounts have, counted in the directories without reading a token. */
export async function summarizeTokens(deps: Deps): Promise<TokenSummary> {
  const ended = { to: deps.clock() }
  const [total, revoked, pastExpiry, revokedPastExpiry] = await Promise.all([
    deps.store.count(DIRECTORY, 'tokens'),
    deps.store.count(DIRECTORY, 'revoked-tokens'),
    deps.store.count(DIRECTORY, 'tokens-by-expiry', ended),
    deps.store.count(DIRECTORY, 'revoked-tokens', ended),
  ])
  const expired = Math.max(0, pastExpiry - revokedPastExpiry)
  return { total, revoked, expired, active: Math.max(0, total - revoked - expired) }
}
