import { z } from 'zod'
import { beginDevice } from '../../device/begin.js'
import { showUserCode } from '../../device/codes.js'
import { redeemDevice } from '../../device/redeem.js'
import { DEVICE_LIFETIME_SECONDS, FIRST_INTERVAL_SECONDS } from '../../device/request.js'
import { redeemCode } from '../../oauth/authorization-code.js'
import { authenticateClient } from '../../oauth/client-auth.js'
import type { OAuthClient } from '../../oauth/clients.js'
import type { GrantedTokens } from '../../oauth/granted.js'
import { introspect } from '../../oauth/introspect.js'
import { refreshTokens } from '../../oauth/refresh.js'
import { FOREIGN_RESOURCE, isOwnResource } from '../../oauth/resource.js'
import { revokePresented } from '../../oauth/revoke-presented.js'
import type { ProvenCaller } from '../../plugin/route.js'
import { json } from '../answers/answer.js'
import { oauthError, oauthRefusal } from '../answers/oauth-error.js'
import { provenClient, provenFamily, provenHolder } from '../proven-caller.js'
import { type RouteContext, route } from '../route.js'

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
export const GRANT_TYPES = ['authorization_code', 'refresh_token', DEVICE_GRANT] as const

const text = z.string().max(16_384).optional()

const tokenForm = z.object({
  grant_type: z.string().max(200),
  refresh_token: text,
  device_code: text,
  code: text,
  redirect_uri: text,
  code_verifier: text,
  scope: text,
  resource: text,
  client_id: text,
  client_secret: text,
})

type TokenForm = z.output<typeof tokenForm>

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
function scopesIn(scope: string | undefined): { scopes?: readonly string[] } {
  const scopes = scope?.split(' ').filter(Boolean) ?? []
  return scopes.length === 0 ? {} : { scopes }
}

type Context = RouteContext<unknown, TokenForm, undefined>

async function answerRefresh({ deps, body, trace }: Context, client: OAuthClient): Promise<Response> {
  const { refresh_token: refreshToken, scope } = body
  if (refreshToken === undefined) return oauthError('invalid_request', 'refresh_token is missing.')
  const refreshed = await refreshTokens(deps, { refreshToken, client, ...scopesIn(scope), trace })
  return refreshed.ok ? answerTokens(refreshed.value) : oauthRefusal(refreshed.denial)
}

async function answerDevice({ deps, body, trace }: Context, client: OAuthClient): Promise<Response> {
  if (body.device_code === undefined) return oauthError('invalid_request', 'device_code is missing.')
  const redeemed = await redeemDevice(deps, { deviceCode: body.device_code, client, trace })
  if (redeemed === 'authorization_pending')
    return oauthError(redeemed, 'Nobody has approved the request yet.')
  if (redeemed === 'expired_token') return oauthError(redeemed, 'Nobody approved the request in time.')
  if (redeemed === 'slow_down') return oauthError(redeemed, 'Wait five seconds longer between two questions.')
  return redeemed.ok ? answerTokens(redeemed.value) : oauthRefusal(redeemed.denial)
}

async function answerCode({ deps, body, trace }: Context, client: OAuthClient): Promise<Response> {
  const { code, redirect_uri: redirectUri, code_verifier: codeVerifier } = body
  if (code === undefined || codeVerifier === undefined)
    return oauthError('invalid_request', 'code and code_verifier are needed.')
  const redeemed = await redeemCode(deps, { code, redirectUri, codeVerifier, client, trace })
  return redeemed.ok ? answerTokens(redeemed.value) : oauthRefusal(redeemed.denial)
}

/** A client is counted as itself, a refresh by its family; what neither proves counts when it fails. */
async function callerOf(context: Context): Promise<ProvenCaller | undefined> {
  const client = provenClient(context)
  if (client) return { ...client, isWaiting: context.body.grant_type === DEVICE_GRANT }
  return provenFamily(context, context.body.refresh_token)
}

const presentedForm = z.object({
  token: z.string().min(1).max(16_384),
  token_type_hint: text,
  client_id: text,
  client_secret: text,
})

/** RFC 7662 §2.2. */
const introspection = z.object({
  active: z.boolean(),
  scope: z.string().optional(),
  client_id: z.string().optional(),
  username: z.string().optional(),
  sub: z.string().optional(),
  token_type: z.string().optional(),
  iss: z.string().optional(),
  aud: z.string().optional(),
  jti: z.string().optional(),
  iat: z.int().optional(),
  exp: z.int().optional(),
  role: z.string().optional(),
})

/** OAuth 2 for programs. */
export const oauthRoutes = [
  route({
    method: 'POST',
    path: '/oauth2/token',
    access: 'public',
    summary: 'Codes and refresh tokens for access tokens (RFC 6749 §4.1.3, §6, RFC 8628 §3.4, RFC 8707 §2.2)',
    form: tokenForm,
    errors: 'oauth',
    clients: 'client',
    answer: tokenAnswer,
    limit: { kind: 'guesses', counts: 'failures', callerOf },
    async handle(context) {
      const client = authenticateClient(context.deps, context.view, context.body)
      if (!client.ok) return oauthRefusal(client.denial)
      const { resource } = context.body
      if (resource !== undefined && !isOwnResource(resource, context.deps.options))
        return oauthError('invalid_target', FOREIGN_RESOURCE)
      if (context.body.grant_type === 'authorization_code') return answerCode(context, client.value)
      if (context.body.grant_type === 'refresh_token') return answerRefresh(context, client.value)
      if (context.body.grant_type === DEVICE_GRANT) return answerDevice(context, client.value)
      return oauthError('unsupported_grant_type', `Give one of ${GRANT_TYPES.join(', ')}.`)
    },
  }),
  route({
    method: 'POST',
    path: '/oauth2/device_authorization',
    access: 'public',
    summary: 'Begin a login on another device (RFC 8628 §3.1)',
    form: z.object({ client_id: text, client_secret: text, scope: text }),
    errors: 'oauth',
    clients: 'client',
    answer: z.object({
      device_code: z.string(),
      user_code: z.string(),
      verification_uri: z.string(),
      verification_uri_complete: z.string(),
      expires_in: z.int(),
      interval: z.int(),
    }),
    limit: { kind: 'deviceAuthorizations', counts: 'calls', callerOf: provenClient },
    async handle({ deps, view, body, address }) {
      const client = authenticateClient(deps, view, body)
      if (!client.ok) return oauthRefusal(client.denial)
      const begun = await beginDevice(deps, {
        client: client.value,
        ...scopesIn(body.scope),
        // One that proves itself may serve many people from one address.
        address: client.value.secret === undefined ? address : undefined,
      })
      if (!begun.ok) return oauthRefusal(begun.denial)
      const userCode = showUserCode(begun.value.userCode)
      const uri = `${deps.options.publicUrl}/device`
      return json({
        device_code: begun.value.deviceCode,
        user_code: userCode,
        verification_uri: uri,
        verification_uri_complete: `${uri}?user_code=${userCode}`,
        expires_in: DEVICE_LIFETIME_SECONDS,
        interval: FIRST_INTERVAL_SECONDS,
      })
    },
  }),
  route({
    method: 'POST',
    path: '/oauth2/revoke',
    access: 'public',
    summary: 'Revoke a token of any kind by presenting it (RFC 7009)',
    form: presentedForm,
    errors: 'oauth',
    clients: 'client',
    answer: z.object({}),
    limit: {
      kind: 'guesses',
      counts: 'calls',
      callerOf: (context) => provenClient(context) ?? provenHolder(context, context.body.token),
    },
    async handle({ deps, view, body, trace }) {
      const client = authenticateClient(deps, view, body)
      if (!client.ok) return oauthRefusal(client.denial)
      const revoked = await revokePresented(deps, { token: body.token, client: client.value, trace })
      return revoked.ok ? json({}) : oauthRefusal(revoked.denial)
    },
  }),
  route({
    method: 'POST',
    path: '/oauth2/introspect',
    access: 'public',
    summary: 'Whether a token works now, for confidential clients and administrators (RFC 7662)',
    form: presentedForm,
    errors: 'oauth',
    clients: 'client_or_admin',
    answer: introspection,
    limit: { kind: 'guesses', counts: 'failures', callerOf: provenClient },
    async handle({ deps, view, body }) {
      const described = await introspect(deps, { view, fields: body, token: body.token })
      return described.ok ? json(described.value) : oauthRefusal(described.denial)
    },
  }),
]
