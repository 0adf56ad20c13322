import { canonicalAccount, canonicalEmail } from '../accounts/account-id.js'
import type { GateContext } from '../context/context.js'
import { type Outcome, refused } from '../errors/outcome.js'
import { isIdempotencyKey, LONGEST_IDEMPOTENCY_KEY } from '../idempotency/key.js'
import { checkMembers } from '../input/check.js'
import { isObject, type Kind, listOf, nonEmptyText, type Shape } from '../input/kinds.js'
import { type Acted, type Actor, type ActsFor, actorFor, isIdentity, UNNAMED_PROGRAM } from './actor.js'
import { type ScopeWish, scopesToHandOn } from './scopes.js'

export interface InputTable<I> {
  readonly members: Shape<I>
  readonly required?: readonly (keyof I & string)[]
}

/** An e-mail in any spelling. */
const email: Kind = (name, value, problems) => {
  if (typeof value !== 'string' || canonicalEmail(value) === undefined)
    problems.push(`${name}: give an e-mail address`)
}

/** An e-mail in any spelling, or the account of whoever has none. */
const account: Kind = (name, value, problems) => {
  if (typeof value !== 'string' || canonicalAccount(value) === undefined)
    problems.push(`${name}: give an e-mail address, or subject:SUBJECT:ISSUER`)
}

const NO_ACTOR = 'by: give an identity that the gate let in, or { service: NAME }'

/** On whose behalf; see `ActsFor`. */
export const actsFor: Kind = (_, value, problems) => {
  if (!actorFor(value as ActsFor).ok) problems.push(NO_ACTOR)
}

/** What is wrong with what a program gives to an operation; empty when nothing is. */
export function problemsOfInput<I extends object>(
  input: I,
  { members, required = [] }: InputTable<I>,
): string[] {
  const problems: string[] = []
  checkMembers(input, members, problems, { required })
  // Nobody means to act as the program, with all its power, by the identity of a caller who is not logged in.
  const isByUndefined = isObject(input) && 'by' in members && 'by' in input && input.by === undefined
  if (isByUndefined && !problems.includes('by: required')) problems.push(NO_ACTOR)
  return problems
}

/**
 * An operation that is only tried with an input that its table admits; else refused with `input_invalid`, whose detail
 * names every problem. So is a cursor that the store did not give.
 */
export function operation<I extends object, T>(
  table: InputTable<I>,
  act: (input: I) => Promise<Outcome<T>>,
): (input: I) => Promise<Outcome<T>> {
  return async (input) => {
    const problems = problemsOfInput(input, table)
    if (problems.length > 0) return refused('input_invalid', { detail: `${problems.join('; ')}.` })
    try {
      return await act(input)
    } catch (cause) {
      // The only range that the table does not know is the cursor's.
      if (cause instanceof RangeError && 'cursor' in input)
        return refused('input_invalid', { detail: 'cursor: unknown.' })
      throw cause
    }
  }
}

export type By = { readonly by: ActsFor }
export type Account = { readonly account: string }
type Identified = { readonly id: string }

export const byActor = { by: actsFor }
/** Anybody who can be let in. */
export const anyAccount = { account }
/** Whoever can have credentials of the gate. */
export const emailAccount = { account: email }
export const idempotencyKey: Kind = (name, value, problems) => {
  if (!isIdempotencyKey(value))
    problems.push(`${name}: give 1 to ${LONGEST_IDEMPOTENCY_KEY} printable ASCII characters`)
}
export const scopeWish = { scopes: listOf(nonEmptyText), grantable: listOf(nonEmptyText) }

export const ON_ACCOUNT: InputTable<Account & By> = {
  members: { ...anyAccount, ...byActor },
  required: ['account', 'by'],
}
export const ONE_OF_ACCOUNT: InputTable<Account & Identified & By> = {
  members: { ...anyAccount, id: nonEmptyText, ...byActor },
  required: ['account', 'id', 'by'],
}

/** Canonicalises the account that a verb acts on, so that no spelling of it slips past a ban. */
export function onAccountOf<I extends { readonly account: string }>(input: I): I {
  const account = canonicalAccount(input.account)
  if (account === undefined) throw new TypeError('not an account')
  return { ...input, account }
}

/** As `onAccountOf`, and makes `by` the actor that it stands for. */
export function acting<I extends { readonly account: string; readonly by?: ActsFor }, T>(
  input: I,
  act: (input: Acted<I>) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  return actingAs(input.by, (by) => act({ ...onAccountOf(input), by }))
}

export async function actingAs<T>(
  by: ActsFor | undefined,
  act: (actor: Actor) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const actor = actorFor(by)
  return actor.ok ? act(actor.value) : actor
}

/** What a program hands out without saying in whose name, it hands out in its own. */
export function bySomebody<I extends { readonly by?: ActsFor }>(input: I): I {
  return 'by' in input ? input : { ...input, by: UNNAMED_PROGRAM }
}

/** An identity hands on no scope beyond its own. */
export function handingOn<I extends Pick<ScopeWish, 'grantable'> & { readonly by?: ActsFor }>(
  context: GateContext,
  input: I,
): I {
  const { by, grantable } = input
  if (!isIdentity(by)) return input
  const own = scopesToHandOn(context, by)
  return { ...input, grantable: grantable ? grantable.filter((scope) => own.includes(scope)) : own }
}
