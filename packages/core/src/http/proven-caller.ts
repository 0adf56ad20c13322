import { authenticateClient, type ClientFields } from '../oauth/client-auth.js'
import { proveRefreshToken } from '../oauth/refresh-token.js'
import type { ProvenCaller } from '../plugin/route.js'
import type { RouteContext } from './route.js'

type Context<Fields> = RouteContext<unknown, Fields, undefined>

/** An OAuth client that sent its secret. One that has none is whoever says so. */
export function provenClient({ deps, view, body }: Context<ClientFields>): ProvenCaller | undefined {
  const client = authenticateClient(deps, view, body)
  if (!client.ok || client.value.secret === undefined) return undefined
  return { kind: 'clientRequests', client: `client ${client.value.id}` }
}

/** Whoever holds a token of a family that this gate has signed: it can be used up by nobody else. */
export async function provenFamily(
  { deps }: Pick<RouteContext, 'deps'>,
  token: string | undefined,
): Promise<ProvenCaller | undefined> {
  const claims = token === undefined ? undefined : await proveRefreshToken(deps, token)
  return claims && { kind: 'tokens', client: `family ${claims.familyId}` }
}

/** Whoever presents a JWT that this gate has signed, of whatever kind. */
export async function provenHolder(
  { deps }: Pick<RouteContext, 'deps'>,
  token: string,
): Promise<ProvenCaller | undefined> {
  const isOurs = await deps.keys.verify(token).then(
    () => true,
    () => false,
  )
  return isOurs ? { kind: 'tokens', client: `holder ${token}` } : undefined
}
