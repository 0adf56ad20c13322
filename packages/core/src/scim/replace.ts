import type { PluginContext } from '../plugin/context.js'
import { RACED } from '../store/update.js'
import { accountsOf } from './attributes.js'
import { fine, NO_SUCH_USER, NOT_UNIQUE, refusedBy, type ScimOutcome } from './outcome.js'
import { settle } from './settle.js'
import {
  claimsOf,
  directoryOf,
  findUser,
  isSameKey,
  type User,
  type UserAttributes,
  type UserRecord,
  users,
} from './user.js'

/**
 * Makes a user what `next` makes of it (RFC 7644 §3.5), and its accounts what it then says. Atomic: under concurrent
 * changes `next` runs again on the newer user. An account that the user no longer has is deactivated. Refused with
 * `uniqueness`, or as a 409 when the last super admin would be deactivated; nothing has changed then.
 */
export async function replaceUser(
  context: PluginContext,
  id: string,
  next: (current: User) => ScimOutcome<UserAttributes>,
): Promise<ScimOutcome<User>> {
  return context.optimistically('A user of the directory changed too often to be changed', async () => {
    const current = await findUser(context, id)
    if (!current) return NO_SUCH_USER
    const attributes = next(current)
    if (!attributes.ok) return attributes
    const changed: UserRecord = {
      ...attributes.value,
      accounts: accountsOf(attributes.value),
      createdAt: current.createdAt,
      changedAt: context.clock(),
    }
    const stored = await store(context, current, changed)
    if (stored === RACED) return RACED
    if (!stored.ok) return stored
    const settled = await settle(context, id, current.accounts)
    if (!settled.ok) return settled
    const user = await findUser(context, id)
    return user ? fine(user) : NO_SUCH_USER
  })
}

async function store(
  context: PluginContext,
  current: User,
  changed: UserRecord,
): Promise<ScimOutcome<void> | typeof RACED> {
  const had = claimsOf(context, current)
  const has = claimsOf(context, changed)
  const added = has.filter((key) => !had.some((other) => isSameKey(key, other)))
  const dropped = had.filter((key) => !has.some((other) => isSameKey(key, other)))
  const taken = await directoryOf(context).read(added)
  if (taken.some((claim) => claim !== undefined)) return NOT_UNIQUE
  const first = await deactivateFirst(context, current.accounts, changed)
  if (!first.ok) {
    await settle(context, current.id)
    return first
  }
  const result = await directoryOf(context).commit({
    checks: [
      { key: users.key(current.id), version: current.version },
      ...added.map((key) => ({ key, version: null })),
    ],
    writes: [
      ...dropped.map((key) => ({ delete: key })),
      ...added.map((key) => ({ put: key, value: current.id })),
      users.put(current.id, changed, { sort: changed.createdAt }),
    ],
  })
  return result.committed ? fine(undefined) : RACED
}

/**
 * What has to be done before the record says so: an account that the record will no longer name could not be found
 * again, and a super admin who must stay is a reason to change nothing.
 */
export async function deactivateFirst(
  context: PluginContext,
  had: readonly string[],
  changed: UserRecord,
): Promise<ScimOutcome<void>> {
  const left = had.filter((account) => !changed.accounts.includes(account))
  const guarded = changed.active
    ? []
    : changed.accounts.filter((account) => context.roleOf(account) === 'super_admin')
  for (const account of [...left, ...guarded]) {
    const deactivated = await context.accounts.deactivate(account)
    if (!deactivated.ok) return refusedBy(deactivated.denial)
  }
  return fine(undefined)
}
