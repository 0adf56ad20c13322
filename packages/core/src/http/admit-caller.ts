import type { RecentUses } from '../activity/touch.js'
import { mayActOnSession } from '../cross-site.js'
import { denial, type Identity, type RequestView } from '../decision.js'
import type { Deps } from '../deps.js'
import { identify } from '../identify.js'
import { type Outcome, refused } from '../outcome.js'
import type { Access } from './route.js'

const ROLES = { admin: ['admin', 'super_admin'], super_admin: ['super_admin'] } as const

/** Who calls a route, if the route is open to them. */
export async function admitCaller(
  deps: Deps,
  recent: RecentUses,
  view: RequestView,
  access: Exclude<Access, 'public'>,
): Promise<Outcome<Identity>> {
  const identified = await identify(deps, recent, view)
  if (!identified.ok) return identified
  const { role, scopes, credential } = identified.value
  const isAdministration = access === 'admin' || access === 'super_admin'
  if (isAdministration && !ROLES[access].some((allowed) => allowed === role))
    return refused('role_insufficient')
  const scope = isAdministration
    ? 'admin'
    : access === 'account'
      ? 'tokens:write'
      : deps.options.requiredScope
  if (!scopes.includes(scope)) return refused('scope_insufficient', { scope })
  if (credential.kind === 'session' && !mayActOnSession(view, deps.options.publicUrl))
    return { ok: false, denial: denial('cross_site_request') }
  return identified
}
