import { z } from 'zod'
import type { Identity } from '../../authentication/identity.js'
import { scopesToHandOn } from '../../authorization/scopes.js'
import type { GateContext } from '../../context/context.js'
import type { IssuedToken } from '../../tokens/issue.js'
import { issueTokenOnce } from '../../tokens/issue-once.js'
import { describeToken, listTokens } from '../../tokens/list.js'
import { renewToken } from '../../tokens/renew.js'
import { revokeToken } from '../../tokens/revoke.js'
import { TOKEN_NAME_LENGTH } from '../../tokens/token.js'
import { RENEWAL_PATH } from '../../tokens/token-kind.js'
import { json, refuse } from '../answers/answer.js'
import {
  listQuery,
  nextCursor,
  pageOf,
  replicationSchema,
  serializeReplication,
  serializeToken,
  tokenSchema,
} from '../answers/serialize.js'
import { route } from '../route.js'

const success = z.literal(true)
const tokenId = z.string().min(1).max(256)

const issued = z.object({
  success,
  token: z.string(),
  token_type: z.literal('Bearer'),
  token_id: z.string(),
  token_name: z.string(),
  expires_in: z.int(),
  expires_at: z.int(),
  created_at: z.int(),
  scopes: z.array(z.string()),
  user_email: z.string(),
  usage_instructions: z.record(z.string(), z.string()),
})

function answerMinted(context: GateContext, { email }: Identity, { token, info }: IssuedToken): Response {
  const { token_id, token_name, scopes, created_at, expires_at } = serializeToken(info)
  return json(
    {
      success: true,
      token,
      token_type: 'Bearer',
      token_id,
      token_name,
      expires_in: expires_at - created_at,
      expires_at,
      created_at,
      scopes,
      user_email: email,
      usage_instructions: context.options.usageInstructions(token),
    },
    201,
  )
}

/** Own tokens. */
export const tokenRoutes = [
  route({
    method: 'POST',
    path: '/api/token/generate',
    access: 'account',
    limit: { kind: 'tokens', counts: 'calls' },
    summary: 'Issue a token; it is shown in this answer and never again',
    idempotent: true,
    status: 201,
    body: z.object({
      token_name: z.string().optional(),
      expires_in: z.number().optional(),
      scopes: z.array(z.string().max(128)).min(1).max(50).optional(),
    }),
    answer: issued,
    async handle({ gate, identity, actor, body, idempotencyKey }) {
      const issued = await issueTokenOnce(gate, {
        account: identity.accountId,
        by: actor,
        grantable: scopesToHandOn(gate, identity),
        ...(body.token_name === undefined ? {} : { name: body.token_name }),
        ...(body.expires_in === undefined ? {} : { lifetimeSeconds: body.expires_in }),
        ...(body.scopes === undefined ? {} : { scopes: body.scopes }),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      })
      if (!issued.ok) return refuse(issued.denial)
      return answerMinted(gate, identity, issued.value)
    },
  }),
  route({
    method: 'POST',
    path: RENEWAL_PATH,
    access: 'bearer',
    limit: { kind: 'tokens', counts: 'calls' },
    summary: 'A successor of the token that is presented, in the last fifth of its life; the old one goes on',
    status: 201,
    answer: issued,
    async handle({ gate, identity, trace }) {
      const renewed = await renewToken(gate, identity, trace)
      return renewed.ok ? answerMinted(gate, identity, renewed.value) : refuse(renewed.denial)
    },
  }),
  route({
    method: 'GET',
    path: '/api/token/list',
    access: 'account',
    summary: 'The account’s tokens, newest first, also expired and revoked ones while they are kept',
    query: listQuery,
    answer: z.object({
      success,
      tokens: z.array(tokenSchema),
      count: z.int(),
      user_email: z.string(),
      next_cursor: z.string().optional(),
    }),
    async handle({ gate, identity, query }) {
      const listed = await listTokens(gate, { account: identity.accountId, ...pageOf(query) })
      const tokens = listed.items.map(serializeToken)
      return json({
        success: true,
        tokens,
        count: tokens.length,
        user_email: identity.email,
        ...nextCursor(listed),
      })
    },
  }),
  route({
    method: 'GET',
    path: '/api/token/info',
    access: 'account',
    summary: 'One token of the account',
    query: z.object({ token_id: tokenId }),
    answer: z.object({ success, token_info: tokenSchema.extend({ user_email: z.string() }) }),
    async handle({ gate, identity, query }) {
      const found = await describeToken(gate, { account: identity.accountId, id: query.token_id })
      if (!found.ok) return refuse(found.denial)
      const token = { ...serializeToken(found.value), user_email: identity.email }
      return json({ success: true, token_info: token })
    },
  }),
  route({
    method: 'POST',
    path: '/api/token/revoke',
    access: 'account',
    summary: 'Revoke a token of the account; revoking twice is fine',
    body: z.object({ token_id: tokenId }),
    answer: z.object({
      success,
      message: z.string(),
      token_id: z.string(),
      replication: replicationSchema,
    }),
    async handle({ gate, identity, actor, body }) {
      const { accountId } = identity
      const revoked = await revokeToken(gate, { account: accountId, id: body.token_id, by: actor })
      if (!revoked.ok) return refuse(revoked.denial)
      return json({
        success: true,
        ...serializeReplication('The token is revoked.', revoked.value),
        token_id: body.token_id,
      })
    },
  }),
  route({
    method: 'GET',
    path: '/api/token/options',
    access: 'account',
    summary: 'What a token may be: lifetimes and scopes',
    answer: z.object({
      success,
      scopes: z.array(z.object({ scope: z.string(), description: z.string(), default: z.boolean() })),
      min_expires_in: z.int(),
      max_expires_in: z.int(),
      default_expires_in: z.int(),
      max_name_length: z.int(),
    }),
    async handle({ gate, identity }) {
      const { scopes, requiredScope, tokens } = gate.options
      return json({
        success: true,
        scopes: scopesToHandOn(gate, identity).map((scope) => ({
          scope,
          description: scopes[scope] ?? '',
          default: scope === requiredScope,
        })),
        min_expires_in: tokens.minLifetimeSeconds,
        max_expires_in: tokens.maxLifetimeSeconds,
        default_expires_in: tokens.defaultLifetimeSeconds,
        max_name_length: TOKEN_NAME_LENGTH,
      })
    },
  }),
]
