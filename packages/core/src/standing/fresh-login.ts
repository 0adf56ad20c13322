import { type Denial, denial } from '../decision.js'
import type { Deps } from '../deps.js'
import type { Standing } from './standing.js'

/** Refuses a program's credential whose owner has not logged in for longer than the options let it live on. */
export function refuseStaleLogin(deps: Deps, { authenticatedAt }: Standing): Denial | undefined {
  const { requireFreshLoginSeconds, publicUrl } = deps.options
  if (requireFreshLoginSeconds === undefined) return undefined
  if (deps.clock() < (authenticatedAt ?? 0) + requireFreshLoginSeconds * 1000) return undefined
  return denial('login_stale', {
    detail: `Log in again at ${publicUrl}/oauth2/start: credentials of programs work for ${requireFreshLoginSeconds} seconds after a login.`,
  })
}
