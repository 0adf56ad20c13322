import { bearerOf, identifyByBearer } from '../authentication/authenticate.js'
import { kindOf } from '../authentication/credential-kind.js'
import type { Identity } from '../authentication/identity.js'
import { refuseGrant } from '../authentication/judge.js'
import { isAdmin } from '../authorization/roles.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import { headerValues } from '../request/head.js'
import type { RequestView } from '../request/view.js'
import { STANDING, standingOf } from '../standing/standing.js'
import { authenticateClient, type ClientFields } from './client-auth.js'
import { clientOf } from './client-of.js'
import { refusedClient } from './denials.js'
import { families, issuedAsFamily, proveRefreshToken } from './refresh-token.js'
import type { OAuthServer } from './server.js'

/** RFC 7662 §2.2; nothing but `active: false` of what does not work. */
export type Introspection =
  | { readonly active: false }
  | { readonly active: true; readonly [name: string]: unknown }

/**
 * Whether a token works now. For confidential clients, and for bearers of scope `admin` whose account is an
 * administrator; anybody else could try tokens out. Refused with `client_invalid`.
 */
export async function introspect(
  context: GateContext,
  server: OAuthServer,
  input: { view: RequestView; fields: ClientFields; token: string },
): Promise<Outcome<Introspection>> {
  if (!(await mayIntrospect(context, server, input.view, input.fields))) return refusedClient()
  const refresh = await introspectRefresh(context, input.token)
  if (refresh) return done(refresh)
  const identified = await identifyByBearer(context, input.token)
  if (!identified.ok || kindOf(context, identified.value)?.isOfOperator) return done({ active: false })
  const clientId = await clientOf(context, input.token, identified.value)
  return done({ ...describe(context, identified.value), ...(clientId && { client_id: clientId }) })
}

async function mayIntrospect(
  context: GateContext,
  server: OAuthServer,
  view: RequestView,
  fields: ClientFields,
): Promise<boolean> {
  const [authorization = '', ...more] = headerValues(view.rawHeaders, 'authorization')
  const bearer = more.length > 0 ? undefined : bearerOf(authorization)
  if (bearer === undefined) {
    const client = authenticateClient(server, view, fields)
    return client.ok && client.value.secret !== undefined
  }
  const caller = await identifyByBearer(context, bearer)
  return caller.ok && isAdmin(caller.value.role) && caller.value.scopes.includes('admin')
}

function describe(
  context: GateContext,
  { accountId, scopes, role, credential }: Identity,
): Introspection & { readonly active: true } {
  return {
    active: true,
    scope: scopes.join(' '),
    username: accountId,
    sub: accountId,
    token_type: 'Bearer',
    iss: context.options.issuer,
    aud: context.options.audience,
    jti: credential.id,
    iat: Math.floor(credential.issuedAt / 1000),
    exp: Math.floor(credential.expiresAt / 1000),
    role,
  }
}

async function introspectRefresh(context: GateContext, token: string): Promise<Introspection | undefined> {
  const claims = await proveRefreshToken(context, token)
  if (!claims) return undefined
  const partition = context.partitionOf(claims.accountId)
  const [standingRecord, stored] = await context.store.read(partition, [
    STANDING,
    families.key(claims.familyId),
  ])
  const standing = standingOf(standingRecord)
  const family = stored && families.read(stored)
  const refusal = refuseGrant(context, standing, issuedAsFamily(partition, family))
  if (refusal || family?.turn !== claims.turn) return { active: false }
  return {
    active: true,
    scope: family.scopes.join(' '),
    client_id: family.clientId,
    sub: claims.accountId,
    token_type: 'refresh_token',
    iss: context.options.issuer,
    ...(stored?.expiresAt === undefined ? {} : { exp: Math.floor(stored.expiresAt / 1000) }),
  }
}
