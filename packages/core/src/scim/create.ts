import type { PluginContext } from '../plugin/context.js'
import { accountsOf } from './attributes.js'
import { fine, NO_SUCH_USER, NOT_UNIQUE, type ScimOutcome } from './outcome.js'
import { deactivateFirst } from './replace.js'
import { settle } from './settle.js'
import {
  claimsOf,
  directoryOf,
  findUser,
  type User,
  type UserAttributes,
  type UserRecord,
  users,
} from './user.js'

/**
 * Enters a user of the directory (RFC 7644 §3.3). It gets no right that it would not have by logging in; an account that
 * was deactivated is in service again, or with `active: false` out of it at once. Refused with `uniqueness`.
 */
export async function createUser(
  context: PluginContext,
  attributes: UserAttributes,
): Promise<ScimOutcome<User>> {
  const id = context.randomId(16)
  const now = context.clock()
  const record: UserRecord = {
    ...attributes,
    accounts: accountsOf(attributes),
    createdAt: now,
    changedAt: now,
  }
  const claims = claimsOf(context, record)
  const taken = await directoryOf(context).read(claims)
  if (taken.some((claim) => claim !== undefined)) return NOT_UNIQUE
  const first = await deactivateFirst(context, [], record)
  if (!first.ok) return first
  const result = await directoryOf(context).commit({
    checks: claims.map((key) => ({ key, version: null })),
    writes: [...claims.map((key) => ({ put: key, value: id })), users.put(id, record, { sort: now })],
  })
  if (!result.committed) return NOT_UNIQUE
  const settled = await settle(context, id)
  if (!settled.ok) return settled
  const user = await findUser(context, id)
  return user ? fine(user) : NO_SUCH_USER
}
