import type { Deps } from './deps.js'
import { PortcullisError } from './errors.js'

const MARK = { collection: 'gate', id: 'partition-key' } as const

/**
 * Refuses to run on records that were written under another secret: their partitions would not be found, and every ban
 * would silently be gone. The mark in the store is the name of a partition that no account can have.
 */
export async function requireSameSecret(deps: Deps): Promise<void> {
  const mark = deps.partitionOf('')
  await deps.store.commit('gate', {
    quiet: true,
    checks: [{ key: MARK, version: null }],
    writes: [{ put: MARK, value: mark }],
  })
  const [found] = await deps.store.read('gate', [MARK])
  if (found?.value === mark) return
  const problem = 'secret: the store was written with another secret; put the old one at the end of the list'
  throw new PortcullisError('configuration_invalid', `The gate cannot start: ${problem}`, {
    problems: [problem],
  })
}
