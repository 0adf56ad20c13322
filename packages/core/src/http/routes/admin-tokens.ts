import { z } from 'zod'
import { lookUp } from '../../account-index/account-index.js'
import { MAX_ACCOUNT_LENGTH } from '../../accounts/account-id.js'
import { denial } from '../../errors/denial.js'
import { listTokens } from '../../tokens/list.js'
import { listAllTokens } from '../../tokens/list-all.js'
import { revokeToken } from '../../tokens/revoke.js'
import { revokeAllTokens } from '../../tokens/revoke-all.js'
import { summarizeTokens } from '../../tokens/summarize.js'
import type { TokenInfo } from '../../tokens/token.js'
import { json, refuse } from '../answers/answer.js'
import {
  account,
  listQuery,
  nextCursor,
  pageOf,
  replicationSchema,
  serializeReplication,
  serializeToken,
  tokenSchema,
  tokenStatus,
} from '../answers/serialize.js'
import { route } from '../route.js'

const ownedToken = tokenSchema.extend({ user_email: z.string() })

function toOwnedToken(info: TokenInfo) {
  return { ...serializeToken(info), user_email: info.account }
}

/** Everybody's tokens. */
export const adminTokenRoutes = [
  route({
    method: 'GET',
    path: '/api/admin/tokens',
    access: 'admin',
    summary: 'Tokens of all accounts, newest first; the summary counts all of them, whatever the filter',
    query: listQuery.extend({
      email: z.string().max(MAX_ACCOUNT_LENGTH).optional(),
      name: z.string().max(100).optional(),
      status: tokenStatus.optional(),
    }),
    answer: z.object({
      tokens: z.array(ownedToken),
      summary: z.object({ total: z.int(), active: z.int(), expired: z.int(), revoked: z.int() }),
      next_cursor: z.string().optional(),
    }),
    async handle({ gate, query }) {
      const { email, name, status } = query
      const filter = {
        ...(email === undefined ? {} : { email }),
        ...(name === undefined ? {} : { name }),
        ...(status === undefined ? {} : { status }),
      }
      const [listed, summary] = await Promise.all([
        listAllTokens(gate, { ...pageOf(query), ...filter }),
        summarizeTokens(gate),
      ])
      return json({ tokens: listed.items.map(toOwnedToken), summary, ...nextCursor(listed) })
    },
  }),
  route({
    method: 'GET',
    path: '/api/admin/tokens/{email}',
    access: 'admin',
    summary: 'Tokens of one account',
    query: listQuery,
    answer: z.object({
      tokens: z.array(ownedToken),
      user_email: z.string(),
      next_cursor: z.string().optional(),
    }),
    async handle({ gate, params, query }) {
      const named = account.safeParse(params.email)
      if (!named.success) return refuse(denial('input_invalid'))
      const listed = await listTokens(gate, { account: named.data, ...pageOf(query) })
      return json({
        tokens: listed.items.map(toOwnedToken),
        user_email: named.data,
        ...nextCursor(listed),
      })
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/admin/tokens/{token_id}',
    access: 'admin',
    summary: 'Revoke one token of any account',
    answer: z.object({
      message: z.string(),
      token_id: z.string(),
      user_email: z.string(),
      revoked_by: z.string(),
      replication: replicationSchema,
    }),
    async handle({ gate, identity, actor, params }) {
      const id = params.token_id ?? ''
      const account = await lookUp(gate, 'tokens', id)
      if (account === undefined) return refuse(denial('token_not_found'))
      const revoked = await revokeToken(gate, { account, id, by: actor })
      if (!revoked.ok) return refuse(revoked.denial)
      return json({
        ...serializeReplication('The token is revoked.', revoked.value),
        token_id: id,
        user_email: account,
        revoked_by: identity.email,
      })
    },
  }),
  route({
    method: 'POST',
    path: '/api/admin/tokens/revoke-user',
    access: 'admin',
    summary: 'Revoke every token of an account',
    body: z.object({ user_email: account }),
    answer: z.object({
      message: z.string(),
      user_email: z.string(),
      revoked_count: z.int().optional(),
      revoked_by: z.string(),
      replication: replicationSchema,
    }),
    async handle({ gate, identity, actor, body }) {
      const account = body.user_email
      const revoked = await revokeAllTokens(gate, { account, by: actor })
      if (!revoked.ok) return refuse(revoked.denial)
      return json({
        ...serializeReplication('Every token of the account is revoked.', revoked.value),
        user_email: account,
        revoked_count: revoked.value.revokedCount,
        revoked_by: identity.email,
      })
    },
  }),
]
