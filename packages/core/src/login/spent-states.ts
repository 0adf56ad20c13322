import { boundedMap } from '../encoding/bounded-map.js'
import type { Clock, Millis } from '../store/store.js'

const REMEMBERED = 10_000

/**
 * States of logins that have come back to this process. Catches the double click before the provider is asked again,
 * without a record in the store; which process wins is decided there, later.
 */
export interface SpentStates {
  /** False when the state was spent before and is remembered. */
  spend(id: string, expiresAt: Millis): boolean
  /** The login came to no answer: the browser may try again. */
  restore(id: string): void
}

/** Remembers the last 10000. */
export function spentStates(clock: Clock): SpentStates {
  const spent = boundedMap<string, Millis>(REMEMBERED)
  const forgetOver = () => {
    for (let id = spent.oldest(); id !== undefined; id = spent.oldest()) {
      if ((spent.get(id) ?? 0) > clock()) return
      spent.delete(id)
    }
  }
  return {
    spend(id, expiresAt) {
      if (spent.has(id)) return false
      spent.set(id, expiresAt)
      forgetOver()
      return true
    },
    restore: (id) => void spent.delete(id),
  }
}
