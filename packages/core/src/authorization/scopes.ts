import type { Identity } from '../authentication/identity.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { isAdmin, type Role } from './roles.js'

/** Every scope that an account of this role may hold. */
export function scopesOf(context: GateContext, role: Role): readonly string[] {
  return Object.keys(context.options.scopes).filter((scope) => scope !== 'admin' || isAdmin(role))
}

/** What an identity may hand on: what its credential carries and its account may hold without the groups of a session. */
export function scopesToHandOn(context: GateContext, { accountId, scopes }: Identity): readonly string[] {
  const lasting = scopesOf(context, context.roleOf(accountId))
  return scopes.filter((scope) => lasting.includes(scope))
}

export interface ScopeWish {
  /** Default: what a call to the API behind the gate needs (`requiredScope`). */
  readonly scopes?: readonly string[]
  /** No scope beyond these may be given. Default: every known scope. */
  readonly grantable?: readonly string[]
}

/** The scopes of something new, each once. Refused with `scope_unknown` or `scope_insufficient`. */
export function chooseScopes(
  context: GateContext,
  { scopes, grantable }: ScopeWish,
): Outcome<readonly string[]> {
  const chosen = [...new Set(scopes ?? [context.options.requiredScope])]
  if (chosen.some((scope) => !Object.hasOwn(context.options.scopes, scope))) return refused('scope_unknown')
  const beyond = chosen.find((scope) => grantable && !grantable.includes(scope))
  return beyond === undefined ? done(chosen) : refused('scope_insufficient', { scope: beyond })
}
