import { canonicalAccount, canonicalEmail } from '../account.js'
import { type ActsFor, actorFor } from '../authorization/actor.js'
import { type Outcome, refused } from '../outcome.js'
import { checkMembers } from './check.js'
import type { Kind, Shape } from './kinds.js'

export interface InputTable<I> {
  readonly members: Shape<I>
  readonly required?: readonly (keyof I & string)[]
}

/** An e-mail in any spelling. */
export const email: Kind = (name, value, problems) => {
  if (typeof value !== 'string' || canonicalEmail(value) === undefined)
    problems.push(`${name}: give an e-mail address`)
}

/** An e-mail in any spelling, or the account of whoever has none. */
export const account: Kind = (name, value, problems) => {
  if (typeof value !== 'string' || canonicalAccount(value) === undefined)
    problems.push(`${name}: give an e-mail address, or subject:SUBJECT:ISSUER`)
}

/** On whose behalf; see `ActsFor`. */
export const actsFor: Kind = (name, value, problems) => {
  if (!actorFor(value as ActsFor).ok)
    problems.push(`${name}: give an identity that the gate let in, or { service: NAME }`)
}

/** What is wrong with what a program gives to an operation; empty when nothing is. */
export function problemsOfInput<I extends object>(
  input: I,
  { members, required = [] }: InputTable<I>,
): string[] {
  const problems: string[] = []
  checkMembers(input, members, problems, { required })
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
