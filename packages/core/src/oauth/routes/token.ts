import { z } from 'zod'
import type { GateContext } from '../../context/context.js'
import { json } from '../../http/answers/answer.js'
import { oauthError, oauthRefusal } from '../../http/answers/oauth-error.js'
import { defineRoute, type ProvenCaller, type Route, type RouteCall } from '../../plugin/route.js'
import { redeemCode } from '../authorization-code.js'
import { authenticateClient } from '../client-auth.js'
import type { OAuthClient } from '../clients.js'
import type { GrantedTokens } from '../granted.js'
import { refreshTokens } from '../refresh.js'
import { FOREIGN_RESOURCE, isOwnResource } from '../resource.js'
import { grantTypeNames, type OAuthServer } from '../server.js'
import { provenClient, provenFamily } from './proven-caller.js'

const text = z.string().max(16_384).optional()

/** `added`: fields of grant types that plugins have added. */
function tokenForm(added: readonly string[]) {
  return z.object({
    grant_type: z.string().max(200),
    refresh_token: text,
    ...Object.fromEntries(added.map((field) => [field, text])),
    code: text,
    redirect_uri: text,
    code_verifier: text,
    scope: text,
    resource: text,
    client_id: text,
    client_secret: text,
  })
}

type TokenForm = z.output<ReturnType<typeof tokenForm>>
type Call = RouteCall<unknown, TokenForm, undefined>

const tokenAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
  refresh_token: z.string(),
  scope: z.string(),
})

function answerTokens({ accessToken, expiresInSeconds, refreshToken, scopes }: GrantedTokens): Response {
  return json(
    {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: expiresInSeconds,
      refresh_token: refreshToken,
      scope: scopes.join(' '),
    },
    200,
    { pragma: 'no-cache' },
  )
}

/** RFC 6749 §3.3: absent and empty are the same. */
export function scopesIn(scope: string | undefined): { scopes?: readonly string[] } {
  const scopes = scope?.split(' ').filter(Boolean) ?? []
  return scopes.length === 0 ? {} : { scopes }
}

async function answerRefresh(
  context: GateContext,
  { body, trace }: Call,
  client: OAuthClient,
): Promise<Response> {
  const { refresh_token: refreshToken, scope } = body
  if (refreshToken === undefined) return oauthError('invalid_request', 'refresh_token is missing.')
  const refreshed = await refreshTokens(context, { refreshToken, client, ...scopesIn(scope), trace })
  return refreshed.ok ? answerTokens(refreshed.value) : oauthRefusal(refreshed.denial)
}

async function answerCode(
  context: GateContext,
  { body, trace }: Call,
  client: OAuthClient,
): Promise<Response> {
  const { code, redirect_uri: redirectUri, code_verifier: codeVerifier } = body
  if (code === undefined || codeVerifier === undefined)
    return oauthError('invalid_request', 'code and code_verifier are needed.')
  const redeemed = await redeemCode(context, { code, redirectUri, codeVerifier, client, trace })
  return redeemed.ok ? answerTokens(redeemed.value) : oauthRefusal(redeemed.denial)
}

/** By a grant type that a plugin has added. */
async function answerAdded(
  server: OAuthServer,
  { body, trace }: Call,
  client: OAuthClient,
): Promise<Response> {
  const grantType = server.grantTypes.find(({ name }) => name === body.grant_type)
  if (!grantType)
    return oauthError('unsupported_grant_type', `Give one of ${grantTypeNames(server).join(', ')}.`)
  const redeemed = await grantType.redeem({ client, fields: body, trace })
  if ('error' in redeemed) return oauthError(redeemed.error, redeemed.description)
  return redeemed.ok ? answerTokens(redeemed.value) : oauthRefusal(redeemed.denial)
}

/** A client is counted as itself, a refresh by its family; what neither proves counts when it fails. */
async function callerOf(
  context: GateContext,
  server: OAuthServer,
  call: Call,
): Promise<ProvenCaller | undefined> {
  const client = provenClient(server, call)
  if (!client) return provenFamily(context, call.body.refresh_token)
  const isWaiting = server.grantTypes.some(
    ({ name, isPolled }) => isPolled === true && name === call.body.grant_type,
  )
  return { ...client, isWaiting }
}

/** The token endpoint. */
export function tokenRoute(context: GateContext, server: OAuthServer): Route {
  const fields = server.grantTypes.flatMap((grantType) => grantType.fields)
  return defineRoute({
    method: 'POST',
    path: '/oauth2/token',
    access: 'public',
    summary: 'Codes and refresh tokens for access tokens (RFC 6749 §4.1.3, §6, RFC 8628 §3.4, RFC 8707 §2.2)',
    form: tokenForm(fields),
    errors: 'oauth',
    clients: 'client',
    answer: tokenAnswer,
    limit: { kind: 'guesses', counts: 'failures', callerOf: (call) => callerOf(context, server, call) },
    async handle(call) {
      const { view, body } = call
      const client = authenticateClient(server, view, body)
      if (!client.ok) return client.denial
      if (body.resource !== undefined && !isOwnResource(body.resource, context.options))
        return oauthError('invalid_target', FOREIGN_RESOURCE)
      if (body.grant_type === 'authorization_code') return answerCode(context, call, client.value)
      if (body.grant_type === 'refresh_token') return answerRefresh(context, call, client.value)
      return answerAdded(server, call, client.value)
    },
  })
}
