import type { MappedRole } from './options.js'

const BUILT_IN: Readonly<Record<string, MappedRole>> = {
  admin: 'admin',
  proxy_admin: 'admin',
  user: 'user',
  internal_user: 'user',
  viewer: 'viewer',
  internal_user_viewer: 'viewer',
  team: 'team',
  customer: 'customer',
}

/** From the least powerful on: a team and a customer call the API, a user has an account of its own besides. */
const BY_POWER: readonly MappedRole[] = ['viewer', 'customer', 'team', 'user', 'admin']

export function isMappedRole(role: unknown): role is MappedRole {
  return BY_POWER.some((known) => known === role)
}

export function withBuiltInRoles(
  roles: Readonly<Record<string, MappedRole>>,
): ReadonlyMap<string, MappedRole> {
  return new Map(Object.entries({ ...BUILT_IN, ...roles }))
}

/** The most powerful role that a claim maps to; undefined when it maps to none. */
export function mapRole(claim: unknown, roles: ReadonlyMap<string, MappedRole>): MappedRole | undefined {
  const named: unknown[] = Array.isArray(claim) ? claim : [claim]
  const mapped = new Set(named.map((name) => (typeof name === 'string' ? roles.get(name) : undefined)))
  return BY_POWER.findLast((role) => mapped.has(role))
}
