import type { Deps } from '../context/context.js'
import { ifReadable } from '../store/readable.js'
import { walk } from '../store/walk.js'
import { markRevoked } from './revoke.js'
import { tokenRecords } from './token.js'

/** Revokes every token that was bought by a grant. What fails half way has revoked some of them; do it again. */
export async function revokeTokensOfGrant(
  deps: Deps,
  { account, grant }: { readonly account: string; readonly grant: string },
): Promise<void> {
  for await (const stored of walk(deps, deps.partitionOf(account), tokenRecords.name))
    if (ifReadable(deps, tokenRecords, stored)?.family === grant)
      await markRevoked(deps, account, stored.id, { confirm: true })
}
