import type { Deps } from '../context/context.js'
import { type Denial, denial } from '../errors/denials.js'
import type { ActingCredential, Actor } from './actor.js'
import { isAdmin, isSuperAdmin } from './roles.js'

/**
 * Why an actor may do nothing to what an account has: `role_insufficient` over another account for whoever is no
 * admin, `super_admin_protected` over a super admin for whoever is none. Undefined over one's own.
 */
export function refuseOver(deps: Deps, by: Actor, account: string): Denial | undefined {
  if (isOwn(deps, by, account)) return undefined
  if (!isAdmin(by.role)) return denial('role_insufficient')
  const isProtected = isSuperAdmin(deps.roleOf(account)) && !isSuperAdmin(by.role)
  return isProtected ? denial('super_admin_protected') : undefined
}

/** As `refuseOver`, for what nobody may do to themselves: `own_account`. */
export function refuseOverOrOwn(deps: Deps, by: Actor, account: string): Denial | undefined {
  return by.account === account ? denial('own_account') : refuseOver(deps, by, account)
}

/** What is exchanged for a credential, and stands for the account itself as that does. */
const EXCHANGED: ReadonlySet<string> = new Set<ActingCredential>([
  'login',
  'refresh_token',
  'authorization_code',
  'device_code',
])

/** By a kind that is not of the account, somebody vouches for a caller of that name alone. */
function isOwn({ credentialKinds }: Deps, by: Actor, account: string): boolean {
  if (by.account !== account) return false
  if (EXCHANGED.has(by.credential)) return true
  return credentialKinds.some((kind) => kind.name === by.credential && !kind.isOfOperator && kind.isOfAccount)
}
