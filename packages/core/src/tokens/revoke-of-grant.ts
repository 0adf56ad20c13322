import type { GateContext } from '../context/context.js'
import { ifReadable } from '../store/readable.js'
import { walk } from '../store/walk.js'
import { markRevoked } from './revoke.js'
import { tokenRecords } from './token.js'

/** Revokes every token that was bought by a grant. What fails half way has revoked some of them; do it again. */
export async function revokeTokensOfGrant(
  context: GateContext,
  { account, grant }: { readonly account: string; readonly grant: string },
): Promise<void> {
  for await (const stored of walk(context, context.partitionOf(account), tokenRecords.name))
    if (ifReadable(context, tokenRecords, stored)?.family === grant)
      await markRevoked(context, account, stored.id, { confirm: true })
}
