import { audited } from '../audit/append.js'
import { actorByExchange, auditedAs, type RequestTrace } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import { optimistically, RACED } from '../store/update.js'
import { walk } from '../store/walk.js'
import { revokeTokensOfGrant } from '../tokens/revoke-of-grant.js'
import { families, proveRefreshToken } from './refresh-token.js'

/**
 * Ends a family, with every access token that it has bought (RFC 7009 §2.1). What has ended already is ended again,
 * since a failure may have left access tokens over.
 */
export async function endFamily(
  context: GateContext,
  input: { account: string; familyId: string },
): Promise<void> {
  const { account, familyId } = input
  const partition = context.partitionOf(account)
  await markEnded(context, partition, familyId)
  await revokeTokensOfGrant(context, { account, grant: familyId })
}

/** Ends every family of an account that has not ended. */
export async function endFamilies(context: GateContext, account: string): Promise<void> {
  for await (const stored of walk(context, context.partitionOf(account), families.name))
    if (families.read(stored).endedAt === undefined)
      await endFamily(context, { account, familyId: stored.id })
}

/** From here on no refresh under way comes through: each checks the version of the record. */
async function markEnded(context: GateContext, partition: string, familyId: string): Promise<void> {
  const key = families.key(familyId)
  await optimistically(context, 'A family of refresh tokens changed too often to be ended', async () => {
    const [stored] = await context.store.read(partition, [key])
    if (!stored) return undefined
    const family = families.read(stored)
    if (family.endedAt !== undefined) return undefined
    const { version, sort, expiresAt } = stored
    const result = await context.store.commit(partition, {
      confirm: true,
      essential: true,
      checks: [{ key, version }],
      writes: [families.put(familyId, { ...family, endedAt: context.clock() }, { sort, expiresAt })],
    })
    return result.committed ? undefined : RACED
  })
}

/** Ends the family of a refresh token, also of a spent one. Whatever is none of this client's is left alone. */
export async function revokeRefreshToken(
  context: GateContext,
  input: { refreshToken: string; clientId: string; trace?: RequestTrace },
): Promise<Outcome<void>> {
  const claims = await proveRefreshToken(context, input.refreshToken)
  if (!claims) return done(undefined)
  const { accountId: account, familyId } = claims
  const [stored] = await context.store.read(context.partitionOf(account), [families.key(familyId)])
  if (!stored || families.read(stored).clientId !== input.clientId) return done(undefined)
  const end = async () => done(await endFamily(context, { account, familyId }))
  if (families.read(stored).endedAt !== undefined) return end()
  const recorded = {
    action: 'refresh.revoke',
    ...auditedAs(actorByExchange(context, account, 'refresh_token', input.trace)),
    subject: account,
    details: { family_id: familyId, client_id: input.clientId },
  } as const
  return audited(context, recorded, end)
}
