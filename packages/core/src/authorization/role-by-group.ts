import { mostPowerful, type Role } from './roles.js'

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
