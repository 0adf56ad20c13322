import type { ReactNode } from 'react'
import type { Issued, TokenInfo } from '../client/wire.js'
import type { Kind } from '../kind.js'

export type Status = TokenInfo['status']

/** What the list shows of a token or key. */
export interface Row extends Issued {
  readonly id: string
  readonly name: string
  /** The part of a key that may be seen. */
  readonly publicPart?: string
  readonly status: Status
}

/** What both shapes of the list, table and cards, are drawn from. */
export interface Rows {
  readonly kind: Kind
  readonly rows: readonly Row[]
  readonly now: number
  /** What can be done with a row that is active. */
  readonly actions: (row: Row) => ReactNode
}

/** Whether there is a status to tell: keys are listed only while they work. */
export function hasStatus(kind: Kind): boolean {
  return kind === 'token'
}

/** The status by the clock of the reader: what runs out while the page is open shows it. */
export function statusAt(row: Row, now: number): Status {
  const over = row.expires_at !== undefined && row.expires_at * 1000 <= now
  return row.status === 'active' && over ? 'expired' : row.status
}
