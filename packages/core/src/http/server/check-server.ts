import { Server as NetServer } from 'node:net'
import type { LeastRole } from '../../authorization/roles.js'
import { PortcullisError } from '../../errors/portcullis-error.js'
import type { Gate } from '../../gate/gate.js'
import { checkMembers } from '../../input/check.js'
import { havingMethods, isObject, nonEmptyText, oneOf, type Shape } from '../../input/kinds.js'

const requireMethods = havingMethods('owns', 'authenticate', 'handle', 'refuse')

/**
 * Throws `configuration_invalid` that names what cannot be guarded: a `server` that is none, such as the application of a
 * framework, which takes listeners and never calls them, or a `gate` that is none. `problems` are those known already.
 */
export function checkServer(server: unknown, gate: Gate, problems: string[] = []): void {
  if (!(server instanceof NetServer))
    problems.push('server: give the http.Server that listens, not the application of a framework')
  requireMethods('gate', gate, problems)
  refuse('A server cannot be guarded', problems)
}

const requireForward = havingMethods('forward')

/** Throws `configuration_invalid` for a forwarder that is none, while it is mounted rather than at the first request. */
export function checkForwarder(forwarder: unknown): void {
  const problems: string[] = []
  requireForward('forwarder', forwarder, problems)
  refuse('Nothing can be forwarded', problems)
}

/** What a route asks for beyond being let in. */
export interface Need {
  readonly role?: LeastRole
  /** A scope that the credential must carry. A session carries all that its account may. */
  readonly scope?: string
  /** A group of the identity provider. Only sessions carry any, by their login. */
  readonly group?: string
}

const UNGUARDED_ROUTE = 'A route cannot be guarded'

const NEED: Shape<Need> = {
  role: oneOf('user', 'admin', 'super_admin'),
  scope: nonEmptyText,
  group: nonEmptyText,
}

/**
 * What an adapter checks while it is mounted, so that a misspelt role or scope stops the start instead of refusing
 * everybody, or nobody. Throws `configuration_invalid` that names every problem: `gate` is none, `need` has members that
 * nobody knows, a role that there is not, a scope that is not among the gate's.
 */
export function checkMount(gate: Gate, need: Need = {}): void {
  const problems: string[] = []
  requireMethods('gate', gate, problems)
  problems.push(...problemsOfNeed(need))
  const scope = problems.length === 0 ? need.scope : undefined
  if (scope !== undefined && !gate.scopes.includes(scope))
    problems.push(`scope: ${JSON.stringify(scope)} is not one of ${gate.scopes.join(', ')}`)
  refuse(UNGUARDED_ROUTE, problems)
}

/** Throws `configuration_invalid` that names every problem of a need that nobody can know the meaning of. */
export function requireNeed(need: Need): void {
  refuse(UNGUARDED_ROUTE, problemsOfNeed(need))
}

function problemsOfNeed(need: Need): readonly string[] {
  const problems: string[] = []
  if (!isObject(need)) return ['need: give an object']
  checkMembers(need, NEED, problems)
  // What was meant to be needed and is undefined would let everybody on.
  for (const [name, value] of Object.entries(need))
    if (value === undefined) problems.push(`${name}: undefined`)
  return problems
}

function refuse(what: string, problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new PortcullisError('configuration_invalid', `${what}: ${problems.join('; ')}`, { problems })
}
