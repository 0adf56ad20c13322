import type { Deps } from './deps.js'
import { PortcullisError } from './errors.js'

/** Refuses to start on a store that may not keep what it acknowledges, where the options say so. */
export async function requireSoundStore(deps: Deps): Promise<void> {
  if (deps.options.onStoreDegraded === 'report') return
  const { warnings } = await deps.store.health()
  if (warnings.length === 0) return
  const problems = warnings.map((warning) => `store: ${warning}`)
  throw new PortcullisError('configuration_invalid', `The gate cannot start: ${problems.join(' ')}`, {
    problems,
  })
}
