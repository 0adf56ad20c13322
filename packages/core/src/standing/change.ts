import type { Deps } from '../deps.js'
import { PortcullisError } from '../errors.js'
import { type Replicated, replicationOf } from '../store/replication.js'
import { readStanding, STANDING, type Standing, standingAsJson } from './standing.js'

const ATTEMPTS = 20

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
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { standing, version } = await readStanding(deps, partition)
    const changed = next(standing)
    const result = await deps.store.commit(partition, {
      confirm: true,
      essential: true,
      checks: [{ key: STANDING, version }],
      writes: [{ put: STANDING, value: standingAsJson(changed) }],
    })
    if (result.committed) return { standing: changed, ...replicationOf(result) }
  }
  throw new PortcullisError('store_unavailable', 'The standing of an account changed too often to be changed')
}
