import { z } from 'zod'
import type { GateContext } from '../../context/context.js'
import { json } from '../../http/answers/answer.js'
import { defineRoute, type Route } from '../../plugin/route.js'
import { authenticateClient } from '../client-auth.js'
import { introspect } from '../introspect.js'
import { revokePresented } from '../revoke-presented.js'
import type { OAuthServer } from '../server.js'
import { provenClient, provenHolder } from './proven-caller.js'

const text = z.string().max(16_384).optional()

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

/** What is presented to be revoked, or to be told of. */
export const presentedTokenRoutes = (context: GateContext, server: OAuthServer): readonly Route[] => [
  defineRoute({
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
      callerOf: (call) => provenClient(server, call) ?? provenHolder(context, call.body.token),
    },
    async handle({ view, body, trace }) {
      const client = authenticateClient(server, view, body)
      if (!client.ok) return client.denial
      const revoked = await revokePresented(context, { token: body.token, client: client.value, trace })
      return revoked.ok ? json({}) : revoked.denial
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/oauth2/introspect',
    access: 'public',
    summary: 'Whether a token works now, for confidential clients and administrators (RFC 7662)',
    form: presentedForm,
    errors: 'oauth',
    clients: 'client_or_admin',
    answer: introspection,
    limit: { kind: 'guesses', counts: 'failures', callerOf: (call) => provenClient(server, call) },
    async handle({ view, body }) {
      const described = await introspect(context, server, { view, fields: body, token: body.token })
      return described.ok ? json(described.value) : described.denial
    },
  }),
]
