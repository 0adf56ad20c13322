import type { GateContext } from '../../context/context.js'
import type { ProvenCaller, RouteCall } from '../../plugin/route.js'
import { authenticateClient, type ClientFields } from '../client-auth.js'
import { proveRefreshToken } from '../refresh-token.js'
import type { OAuthServer } from '../server.js'

/** An OAuth client that sent its secret. One that has none is whoever says so. */
export function provenClient(
  server: OAuthServer,
  { view, body }: Pick<RouteCall<unknown, ClientFields>, 'view' | 'body'>,
): ProvenCaller | undefined {
  const client = authenticateClient(server, view, body)
  if (!client.ok || client.value.secret === undefined) return undefined
  return { kind: 'clientRequests', client: `client ${client.value.id}` }
}

/** Whoever holds a token of a family that this gate has signed: it can be used up by nobody else. */
export async function provenFamily(
  context: GateContext,
  token: string | undefined,
): Promise<ProvenCaller | undefined> {
  const claims = token === undefined ? undefined : await proveRefreshToken(context, token)
  return claims && { kind: 'tokens', client: `family ${claims.familyId}` }
}

/** Whoever presents a JWT that this gate has signed, of whatever kind. */
export async function provenHolder(context: GateContext, token: string): Promise<ProvenCaller | undefined> {
  const isOurs = await context.keys.verify(token).then(
    () => true,
    () => false,
  )
  return isOurs ? { kind: 'tokens', client: `holder ${token}` } : undefined
}
