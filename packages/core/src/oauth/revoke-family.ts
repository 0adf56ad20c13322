import { audited } from '../audit/append.js'
import { actorByExchange, auditedAs, type RequestTrace } from '../authorization/actor.js'
import type { Deps } from '../deps.js'
import { walk } from '../directory/walk.js'
import { done, type Outcome } from '../outcome.js'
import { markRevoked } from '../tokens/revoke.js'
import { TOKENS, tokenRecordOf } from '../tokens/token.js'
import { familyKey, familyOf, proveRefreshToken } from './refresh-token.js'

/** Ends a family, with every access token that it has bought (RFC 7009 §2.1). */
export async function endFamily(deps: Deps, input: { account: string; familyId: string }): Promise<void> {
  const { account, familyId } = input
  const partition = deps.partitionOf(account)
  await deps.store.commit(partition, { confirm: true, writes: [{ delete: familyKey(familyId) }] })
  for await (const stored of walk(deps, partition, TOKENS))
    if (tokenRecordOf(stored).family === familyId)
      await markRevoked(deps, account, stored.id, { confirm: true })
}

/** Ends the family of a refresh token, also of a spent one. Whatever is none of this client's is left alone. */
export async function revokeRefreshToken(
  deps: Deps,
  input: { refreshToken: string; clientId: string; trace?: RequestTrace },
): Promise<Outcome<void>> {
  const claims = await proveRefreshToken(deps, input.refreshToken)
  if (!claims) return done(undefined)
  const { accountId: account, familyId } = claims
  const [stored] = await deps.store.read(deps.partitionOf(account), [familyKey(familyId)])
  if (!stored || familyOf(stored).clientId !== input.clientId) return done(undefined)
  const recorded = {
    action: 'refresh.revoke',
    ...auditedAs(actorByExchange(deps, account, 'refresh_token', input.trace)),
    subject: account,
    details: { family_id: familyId, client_id: input.clientId },
  } as const
  return audited(deps, recorded, async () => done(await endFamily(deps, { account, familyId })))
}
