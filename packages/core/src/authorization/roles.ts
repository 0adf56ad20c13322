import { isIgnoredUpgrade, isUpgrade } from '../request/message.js'
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
