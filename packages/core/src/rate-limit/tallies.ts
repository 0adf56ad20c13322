import { newTally, type Tally } from './window.js'

/** In each of two generations; together about 15 MB. */
const MOST_OF_A_GENERATION = 25_000
/** From so many on a client is kept when its generation is dropped, and so many of them. */
const BUSY_FROM = 8
const MOST_KEPT = 5000

/** What clients did of late: bounded, whoever comes. */
export interface Tallies {
  of(client: string, minute: number): Tally
}

/**
 * When as many clients have come as a generation holds, those that did not come since the generation before are
 * forgotten, but for the busiest of them. `overflowed` hears of it when one of those still counted.
 */
export function createTallies(overflowed: () => void): Tallies {
  let young = new Map<string, Tally>()
  let old = new Map<string, Tally>()

  const makeRoom = (minute: number) => {
    if (young.size < MOST_OF_A_GENERATION) return
    const kept = new Map<string, Tally>()
    let isSomeoneForgotten = false
    for (const [client, tally] of old) {
      if (young.has(client) || Math.abs(tally.minute - minute) > 1) continue
      if (tally.count >= BUSY_FROM && kept.size < MOST_KEPT) kept.set(client, tally)
      else isSomeoneForgotten = true
    }
    old = young
    young = kept
    if (isSomeoneForgotten) overflowed()
  }

  return {
    of(client, minute) {
      const found = young.get(client) ?? old.get(client)
      const tally = found?.minute === minute ? found : newTally(minute, found)
      if (young.get(client) === tally) return tally
      if (!young.has(client)) makeRoom(minute)
      young.set(client, tally)
      return tally
    },
  }
}
