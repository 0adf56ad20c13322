import { isIgnoredUpgrade, isUpgrade } from '../request/head.js'
import type { RequestView } from '../request/view.js'

/**
 * The least role that is enough: `user` < `admin` < `super_admin`. A `team` or a `customer` of a trusted issuer may do
 * what a `user` may; a `viewer` is below all of them.
 */
export type LeastRole = 'user' | 'admin' | 'super_admin'

const RANK: Readonly<Record<Role, number>> = {
  viewer: 0,
  user: 1,
  team: 1,
  customer: 1,
  admin: 2,
  super_admin: 3,
}

/** A role that has no rank is below and above nobody. */
export function isAtLeast(role: Role, least: LeastRole): boolean {
  return RANK[role] >= RANK[least]
}

/** From the least powerful on: a team and a customer call the API, a user has an account of its own besides. */
const BY_POWER: readonly Role[] = ['viewer', 'customer', 'team', 'user', 'admin', 'super_admin']

/** The most powerful of roles; undefined when there is none. */
export function mostPowerful<Some extends Role>(roles: Iterable<Some | undefined>): Some | undefined {
  const given = new Set<Role | undefined>(roles)
  return BY_POWER.findLast((role) => given.has(role)) as Some | undefined
}

export function isAdmin(role: Role): boolean {
  return isAtLeast(role, 'admin')
}

export function isSuperAdmin(role: Role): boolean {
  return isAtLeast(role, 'super_admin')
}

const READING_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

export function isReading(method: string): boolean {
  return READING_METHODS.has(method)
}

/** In every spelling that some server takes for it (RFC 3875 §4.1.18). */
const OVERRIDES_METHOD = /^x[^a-z0-9](http[^a-z0-9])?method([^a-z0-9]override)?$/i

/**
 * Whether a request only reads, whichever of its methods counts: frameworks let `X-HTTP-Method-Override` and its like replace
 * the one of the request line, so that a GET may be a DELETE to what is behind the gate.
 */
export function isReadingRequest({ method, rawHeaders }: RequestView): boolean {
  const overrides = rawHeaders.filter(
    (_, at) => at % 2 === 1 && OVERRIDES_METHOD.test(rawHeaders[at - 1] ?? ''),
  )
  return isReading(method) && overrides.every((override) => isReading(override.trim().toUpperCase()))
}

/** A viewer only reads: a handshake is a GET, but what it opens is written to as well. */
export function mayMakeRequest(role: Role, view: RequestView): boolean {
  if (role !== 'viewer') return true
  return isReadingRequest(view) && (!isUpgrade(view) || isIgnoredUpgrade(view))
}

/**
 * What an account may do. Every account is a `user`; admins come from configuration or administration, the others from
 * the claims of trusted issuers. A `viewer` only reads.
 */
export type Role = 'viewer' | 'user' | 'team' | 'customer' | 'admin' | 'super_admin'

export const ROLES = [
  'viewer',
  'user',
  'team',
  'customer',
  'admin',
  'super_admin',
] as const satisfies readonly Role[]

/** What configuration makes of an account, before groups and claims are asked. */
export function configuredRoles({
  superAdmins,
  admins,
}: Readonly<Record<'superAdmins' | 'admins', ReadonlySet<string>>>): (accountId: string) => Role {
  return (accountId) => {
    if (superAdmins.has(accountId)) return 'super_admin'
    return admins.has(accountId) ? 'admin' : 'user'
  }
}

/**
 * What a group may map to. Nobody becomes a super admin by what a provider says of them: whoever manages groups there would
 * manage the gate.
 */
export type GroupRole = 'viewer' | 'user' | 'admin'

const GROUP_ROLES: readonly GroupRole[] = ['viewer', 'user', 'admin']

export function resolveRoleByGroup(
  given: Readonly<Record<string, GroupRole>> = {},
  problems: string[],
): ReadonlyMap<string, GroupRole> {
  for (const [group, role] of Object.entries(given)) {
    if (group === '') problems.push('roleByGroup: a group has no name')
    if (!GROUP_ROLES.includes(role))
      problems.push(`roleByGroup: ${JSON.stringify(group)}: give ${GROUP_ROLES.join(', ')}`)
  }
  return new Map(Object.entries(given))
}

/** The most powerful role that groups map to; undefined when they map to none. */
export function roleOfGroups(
  groups: readonly string[],
  roleByGroup: ReadonlyMap<string, GroupRole>,
): GroupRole | undefined {
  if (roleByGroup.size === 0) return undefined
  return mostPowerful(groups.map((group) => roleByGroup.get(group)))
}

/** What configuration gives an account stays; beyond that groups decide. */
export function roleOfSession(configured: Role, mapped: GroupRole | undefined): Role {
  return configured === 'user' && mapped !== undefined ? mapped : configured
}

/**
 * The role of a token or an API key, which carry no groups: what configuration gives the account, and no more than reading
 * for whom the groups of the last login made a viewer. A right that groups give holds for the session alone, so that it ends
 * with it.
 */
export function roleOfProgram(configured: Role, isViewer: boolean): Role {
  return configured === 'user' && isViewer ? 'viewer' : configured
}
