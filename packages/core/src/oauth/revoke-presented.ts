import { identifyByBearer } from '../authentication/authenticate.js'
import { kindOf } from '../authentication/credential-kind.js'
import { actorOf, type RequestTrace } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import { GATE_CLIENT_ID } from '../tokens/token.js'
import { clientOf } from './client-of.js'
import type { OAuthClient } from './clients.js'
import { proveRefreshToken } from './refresh-token.js'
import { revokeRefreshToken } from './revoke-family.js'

/**
 * Revokes what is presented, whatever its kind: whoever holds it may end it, but for what was issued to another client,
 * which is left alone (RFC 7009 §2.1). What does not work any more, or never did, is as revoked as it can be (§2.2).
 */
export async function revokePresented(
  context: GateContext,
  { token, client, trace = {} }: { token: string; client: OAuthClient; trace?: RequestTrace },
): Promise<Outcome<void>> {
  if (await proveRefreshToken(context, token))
    return revokeRefreshToken(context, { refreshToken: token, clientId: client.id, trace })
  const identified = await identifyByBearer(context, token)
  if (!identified.ok) return done(undefined)
  const identity = identified.value
  const issuedTo = (await clientOf(context, token, identity)) ?? GATE_CLIENT_ID
  if (issuedTo !== GATE_CLIENT_ID && issuedTo !== client.id) return done(undefined)
  const kind = kindOf(context, identity)
  if (kind && !kind.isOfOperator) await kind.revoke?.(identity, actorOf(identity, trace))
  return done(undefined)
}
