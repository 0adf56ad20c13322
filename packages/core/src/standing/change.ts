import type { Deps } from '../deps.js'
import { type Replicated, replicationOf } from '../store/replication.js'
import { optimistically, RACED } from '../store/update.js'
import { readStanding, STANDING, type Standing, standingAsJson } from './standing.js'

export interface ChangedStanding extends Replicated {
  readonly standing: Standing
}

/**
 * Replaces an account's standing by what `next` makes of the current one. Atomic: under concurrent changes `next`
 * runs again on the newer standing. Answers what was stored.
 */
export async function changeStanding(
  deps: Deps,
  partition: string,
  next: (current: Standing) => Standing,
): Promise<ChangedStanding> {
  return optimistically(deps, 'The standing of an account changed too often to be changed', async () => {
    const { standing, version } = await readStanding(deps, partition)
    const changed = next(standing)
    const result = await deps.store.commit(partition, {
      confirm: true,
      essential: true,
      checks: [{ key: STANDING, version }],
      writes: [{ put: STANDING, value: standingAsJson(changed) }],
    })
    return result.committed ? { standing: changed, ...replicationOf(result) } : RACED
  })
}
