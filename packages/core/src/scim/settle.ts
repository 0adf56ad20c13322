import { activateAccount, deactivateAccount } from '../accounts/deactivate.js'
import type { Deps } from '../context/context.js'
import { optimistically, RACED } from '../store/update.js'
import { fine, refusedBy, type ScimOutcome } from './outcome.js'
import { DIRECTORY_ACTOR, findUser } from './user.js'

/**
 * Makes the standing of a user's accounts what its record says, then looks whether it still says so: of any number of
 * changes at once, the standing follows the last. `applied` are accounts that the user had before; those that it no
 * longer has are deactivated, since the directory could not reach them any more.
 */
export async function settle(
  deps: Deps,
  id: string,
  applied: readonly string[] = [],
): Promise<ScimOutcome<void>> {
  let before = applied
  return optimistically(deps, 'A user of the directory changed too often', async () => {
    const user = await findUser(deps, id)
    const accounts = user?.accounts ?? []
    for (const account of before.filter((candidate) => !accounts.includes(candidate))) {
      const left = await deactivateAccount(deps, { account, by: DIRECTORY_ACTOR })
      if (!left.ok) return refusedBy(left.denial)
    }
    for (const account of accounts) {
      const settleOne = user?.active ? activateAccount : deactivateAccount
      const set = await settleOne(deps, { account, by: DIRECTORY_ACTOR })
      if (!set.ok) return refusedBy(set.denial)
    }
    if ((await findUser(deps, id))?.version === user?.version) return fine(undefined)
    before = accounts
    return RACED
  })
}
