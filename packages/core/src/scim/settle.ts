import type { PluginContext } from '../plugin/context.js'
import { RACED } from '../store/update.js'
import { fine, refusedBy, type ScimOutcome } from './outcome.js'
import { findUser } from './user.js'

/**
 * Makes the standing of a user's accounts what its record says, then looks whether it still says so: of any number of
 * changes at once, the standing follows the last. `applied` are accounts that the user had before; those that it no
 * longer has are deactivated, since the directory could not reach them any more.
 */
export async function settle(
  context: PluginContext,
  id: string,
  applied: readonly string[] = [],
): Promise<ScimOutcome<void>> {
  let before = applied
  return context.optimistically('A user of the directory changed too often', async () => {
    const user = await findUser(context, id)
    const accounts = user?.accounts ?? []
    for (const account of before.filter((candidate) => !accounts.includes(candidate))) {
      const left = await context.accounts.deactivate(account)
      if (!left.ok) return refusedBy(left.denial)
    }
    for (const account of accounts) {
      const { activate, deactivate } = context.accounts
      const set = await (user?.active ? activate : deactivate)(account)
      if (!set.ok) return refusedBy(set.denial)
    }
    if ((await findUser(context, id))?.version === user?.version) return fine(undefined)
    before = accounts
    return RACED
  })
}
