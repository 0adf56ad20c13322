import type { GateContext } from '../context/context.js'
import { countLive } from '../standing/live-counts.js'
import { STANDING, standingOf } from '../standing/standing.js'
import { counters } from '../store/collection.js'
import type { Write } from '../store/store.js'

/**
 * At least as many tokens as the account has that live: each that is issued is added, and those that have ended are taken
 * off once the cap is reached.
 */
export const tokensCounted = counters('tokens-counted')
const COUNTED = tokensCounted.key('tokens')

/** Counts a token in the commit that issues it, which is refused whole at the cap: of any number at once, none is beyond it. */
export function countAgainstCap(context: GateContext): Write {
  return tokensCounted.add(COUNTED.id, 1, { atMost: context.options.maxCredentialsPerAccount })
}

export function isCountedAgainstCap(write: Write | undefined): boolean {
  return write !== undefined && 'add' in write && write.add.collection === tokensCounted.name
}

/** Counts the tokens that live anew. False when they are as many as an account may have. */
export async function recount(context: GateContext, partition: string): Promise<boolean> {
  const [standing, counted] = await context.store.read(partition, [STANDING, COUNTED])
  const live = await countLive(context, partition, 'tokens', standingOf(standing).tokenGeneration)
  if (live >= context.options.maxCredentialsPerAccount) return false
  // Whoever has issued one meanwhile has changed it: then the next attempt tells.
  await context.store.commit(partition, {
    quiet: true,
    checks: [{ key: COUNTED, version: counted?.version ?? null }],
    writes: [tokensCounted.put(COUNTED.id, live)],
  })
  return true
}
