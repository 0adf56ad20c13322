import type { ListQuery } from '../account-index/account-index.js'
import { canonicalAccount, canonicalEmail } from '../accounts/account-id.js'
import { type BanRequest, MAX_BAN_SECONDS } from '../accounts/ban.js'
import { MAX_RELOGIN_SECONDS } from '../accounts/force-logout.js'
import { type ApiKeyToCreate, MAX_API_KEY_SECONDS } from '../api-keys/create.js'
import { type KeyToRotate, MAX_OVERLAP_SECONDS } from '../api-keys/rotate.js'
import { type ActsFor, actorFor } from '../authorization/actor.js'
import { type Outcome, refused } from '../errors/outcome.js'
import { isIdempotencyKey, LONGEST_IDEMPOTENCY_KEY } from '../idempotency/key.js'
import { checkMembers } from '../input/check.js'
import {
  flag,
  integer,
  isObject,
  type Kind,
  listOf,
  nonEmptyText,
  oneOf,
  type Shape,
  text,
} from '../input/kinds.js'
import type { TokenToIssueOnce } from '../tokens/issue-once.js'
import type { TokenFilter } from '../tokens/list-all.js'

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
const actsFor: Kind = (_, value, problems) => {
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

type By = { readonly by: ActsFor }
type Account = { readonly account: string }
type Identified = { readonly id: string }

const by = { by: actsFor }
/** Anybody who can be let in. */
const anyAccount = { account }
/** Whoever can have credentials of the gate. */
const emailAccount = { account: email }
const page = { limit: integer(1, 200), cursor: nonEmptyText }
const idempotencyKey: Kind = (name, value, problems) => {
  if (!isIdempotencyKey(value))
    problems.push(`${name}: give 1 to ${LONGEST_IDEMPOTENCY_KEY} printable ASCII characters`)
}
const scopeWish = { scopes: listOf(nonEmptyText), grantable: listOf(nonEmptyText) }

export const BY: InputTable<By> = { members: by, required: ['by'] }
export const ACCOUNT: InputTable<Account> = { members: anyAccount, required: ['account'] }
export const ON_ACCOUNT: InputTable<Account & By> = {
  members: { ...anyAccount, ...by },
  required: ['account', 'by'],
}
export const ONE_OF_ACCOUNT: InputTable<Account & Identified & By> = {
  members: { ...anyAccount, id: nonEmptyText, ...by },
  required: ['account', 'id', 'by'],
}
export const PAGE: InputTable<ListQuery> = { members: page, required: ['limit'] }
export const LIST_OF_ACCOUNT: InputTable<ListQuery & Account> = {
  members: { ...page, ...anyAccount },
  required: ['limit', 'account'],
}
export const LIST_OF_ALL: InputTable<ListQuery & TokenFilter> = {
  members: { ...page, email: text, name: text, status: oneOf('active', 'revoked', 'expired') },
  required: ['limit'],
}
export const SESSION_TO_END: InputTable<{ readonly handle: string } & By> = {
  members: { handle: nonEmptyText, ...by },
  required: ['handle', 'by'],
}
export const TOKEN_TO_ISSUE: InputTable<TokenToIssueOnce> = {
  // Which lifetimes are short or long enough is the gate's to say.
  members: {
    ...emailAccount,
    ...by,
    ...scopeWish,
    name: text,
    lifetimeSeconds: integer(1, Number.MAX_SAFE_INTEGER),
    idempotencyKey,
  },
  required: ['account'],
}
export const API_KEY_TO_CREATE: InputTable<ApiKeyToCreate> = {
  members: {
    ...emailAccount,
    ...by,
    ...scopeWish,
    name: text,
    lifetimeSeconds: integer(60, MAX_API_KEY_SECONDS),
    idempotencyKey,
  },
  required: ['account'],
}
export const KEY_TO_ROTATE: InputTable<KeyToRotate> = {
  members: {
    ...anyAccount,
    id: nonEmptyText,
    ...by,
    grantable: listOf(nonEmptyText),
    overlapSeconds: integer(0, MAX_OVERLAP_SECONDS),
  },
  required: ['account', 'id', 'by'],
}
export const BAN: InputTable<BanRequest> = {
  members: {
    ...anyAccount,
    ...by,
    durationSeconds: integer(1, MAX_BAN_SECONDS),
    reason: text,
    keepTokens: flag,
  },
  required: ['account', 'by'],
}
export const FORCED_LOGOUT: InputTable<Account & By & { readonly reloginAfterSeconds?: number }> = {
  members: { ...anyAccount, ...by, reloginAfterSeconds: integer(0, MAX_RELOGIN_SECONDS) },
  required: ['account', 'by'],
}
