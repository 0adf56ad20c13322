import { z } from 'zod'
import { json } from '../http/answers/answer.js'
import { replicationSchema, seconds, serializeReplication } from '../http/answers/serialize.js'
import type { PluginContext } from '../plugin/context.js'
import { defineRoute, type Route } from '../plugin/route.js'
import { createApiKey } from './create.js'
import type { ApiKeyInfo } from './key.js'
import { listApiKeys } from './list.js'
import { revokeApiKey } from './revoke.js'
import { MAX_OVERLAP_SECONDS, rotateApiKey } from './rotate.js'

const keySchema = z.object({
  key_id: z.string(),
  key_name: z.string(),
  scopes: z.array(z.string()),
  created_at: z.int(),
  expires_at: z.int().optional(),
  last_used_at: z.int().optional(),
})

function toWireKey({ id, name, scopes, createdAt, expiresAt, lastUsedAt }: ApiKeyInfo) {
  return {
    key_id: id,
    key_name: name,
    scopes,
    created_at: seconds(createdAt),
    ...(expiresAt === undefined ? {} : { expires_at: seconds(expiresAt) }),
    ...(lastUsedAt === undefined ? {} : { last_used_at: seconds(lastUsedAt) }),
  }
}

const created = keySchema.extend({ key: z.string() })

/** API keys of whoever calls. */
export const keyRoutes = (context: PluginContext): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/v1/user/keys',
    access: 'account',
    summary: 'The account’s API keys that work, newest first',
    answer: z.object({ keys: z.array(keySchema), count: z.int(), user_email: z.string() }),
    async handle({ identity }) {
      const keys = await listApiKeys(context, { account: identity.accountId })
      return json({ keys: keys.map(toWireKey), count: keys.length, user_email: identity.email })
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/user/keys',
    access: 'account',
    limit: { kind: 'tokens', counts: 'calls' },
    summary: 'Create an API key; the answer is the only time that it is shown',
    idempotent: true,
    body: z.object({
      key_name: z.string().max(10_000).optional(),
      expires_in: z.number().optional(),
      scopes: z.array(z.string().max(200)).max(50).optional(),
    }),
    answer: created,
    status: 201,
    async handle({ identity, actor, body, idempotencyKey }) {
      const { accountId } = identity
      const made = await createApiKey(context, {
        account: accountId,
        by: actor,
        grantable: context.scopesToHandOn(identity),
        ...(body.key_name === undefined ? {} : { name: body.key_name }),
        ...(body.expires_in === undefined ? {} : { lifetimeSeconds: body.expires_in }),
        ...(body.scopes === undefined ? {} : { scopes: body.scopes }),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      })
      if (!made.ok) return made.denial
      return json({ key: made.value.key, ...toWireKey(made.value.info) }, 201)
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/user/keys/{key_id}/rotate',
    access: 'account',
    limit: { kind: 'tokens', counts: 'calls' },
    summary: 'Replace an API key; the old one goes on for `overlap_seconds`',
    body: z.object({ overlap_seconds: z.int().min(0).max(MAX_OVERLAP_SECONDS).optional() }),
    answer: created,
    status: 201,
    async handle({ identity, actor, params, body }) {
      const { accountId } = identity
      const rotated = await rotateApiKey(context, {
        account: accountId,
        id: params.key_id ?? '',
        by: actor,
        grantable: context.scopesToHandOn(identity),
        ...(body.overlap_seconds === undefined ? {} : { overlapSeconds: body.overlap_seconds }),
      })
      if (!rotated.ok) return rotated.denial
      return json({ key: rotated.value.key, ...toWireKey(rotated.value.info) }, 201)
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/v1/user/keys/{key_id}',
    access: 'account',
    summary: 'Revoke an API key',
    answer: z.object({ message: z.string(), key_id: z.string(), replication: replicationSchema }),
    async handle({ identity, actor, params }) {
      const { accountId } = identity
      const id = params.key_id ?? ''
      const revoked = await revokeApiKey(context, { account: accountId, id, by: actor })
      if (!revoked.ok) return revoked.denial
      return json({ ...serializeReplication('The API key is revoked.', revoked.value), key_id: id })
    },
  }),
]
