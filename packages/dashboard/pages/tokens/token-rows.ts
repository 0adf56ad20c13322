import type { TokenInfo } from '../client/wire.js'

/** What both shapes of the list, table and cards, are drawn from. */
export interface TokenRows {
  readonly tokens: readonly TokenInfo[]
  readonly now: number
  readonly onRevoke: (token: TokenInfo) => void
}

/** The status by the clock of the reader: a token that runs out while the page is open shows it. */
export function statusAt(token: TokenInfo, now: number): TokenInfo['status'] {
  return token.status === 'active' && token.expires_at * 1000 <= now ? 'expired' : token.status
}
