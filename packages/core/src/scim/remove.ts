import type { PluginContext } from '../plugin/context.js'
import { RACED } from '../store/update.js'
import { fine, type ScimOutcome } from './outcome.js'
import { replaceUser } from './replace.js'
import { claimsOf, directoryOf, type User, type UserAttributes, users } from './user.js'

/**
 * Removes a user (RFC 7644 §3.6): its accounts are deactivated first and stay so until the directory enters them anew.
 * Refused as a 409 when it is the last super admin.
 */
export async function removeUser(context: PluginContext, id: string): Promise<ScimOutcome<void>> {
  return context.optimistically('A user of the directory changed too often to be removed', async () => {
    const inactive = await replaceUser(context, id, deactivated)
    if (!inactive.ok) return inactive
    const result = await directoryOf(context).commit({
      // Whoever activated it meanwhile has to be answered by another deactivation.
      checks: [{ key: users.key(id), version: inactive.value.version }],
      writes: [users.key(id), ...claimsOf(context, inactive.value)].map((key) => ({ delete: key })),
    })
    return result.committed ? fine(undefined) : RACED
  })
}

function deactivated({
  id: _i,
  version: _v,
  accounts: _a,
  createdAt: _c,
  changedAt: _t,
  ...attributes
}: User) {
  return fine<UserAttributes>({ ...attributes, active: false })
}
