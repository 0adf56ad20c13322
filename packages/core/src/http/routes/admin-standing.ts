import { z } from 'zod'
import { banAccount, DEFAULT_BAN_SECONDS, MAX_BAN_SECONDS } from '../../accounts/ban.js'
import { DEFAULT_RELOGIN_SECONDS, forceLogout, MAX_RELOGIN_SECONDS } from '../../accounts/force-logout.js'
import { unbanAccount } from '../../accounts/unban.js'
import { denial } from '../../errors/denial.js'
import { json, refuse } from '../answers/answer.js'
import { account, replicationSchema, seconds, serializeReplication } from '../answers/serialize.js'
import { route } from '../route.js'

/** Bans and forced logouts. */
export const adminStandingRoutes = [
  route({
    method: 'POST',
    path: '/api/admin/sessions/revoke-user',
    access: 'admin',
    summary: 'Ban an account at once, everywhere',
    body: z.object({
      user_email: account,
      duration_seconds: z.int().min(1).max(MAX_BAN_SECONDS).default(DEFAULT_BAN_SECONDS),
      reason: z.string().max(10_000).optional(),
      keep_tokens: z.boolean().default(false),
    }),
    answer: z.object({
      message: z.string(),
      user_email: z.string(),
      deleted_count: z.int().optional(),
      revoked_token_count: z.int().optional(),
      ban_duration_seconds: z.int(),
      banned_until: z.int(),
      deleted_by: z.string(),
      deletion_flag_created: z.literal(true),
      deletion_flag_ttl: z.int(),
      replication: replicationSchema,
    }),
    async handle({ gate, identity, actor, body }) {
      const banned = await banAccount(gate, {
        account: body.user_email,
        by: actor,
        durationSeconds: body.duration_seconds,
        keepTokens: body.keep_tokens,
        ...(body.reason === undefined ? {} : { reason: body.reason }),
      })
      if (!banned.ok) return refuse(banned.denial)
      const { durationSeconds, endedSessions, revokedTokens, until } = banned.value
      return json({
        ...serializeReplication('The account is banned.', banned.value),
        user_email: body.user_email,
        deleted_count: endedSessions,
        revoked_token_count: revokedTokens,
        ban_duration_seconds: durationSeconds,
        banned_until: seconds(until),
        deleted_by: identity.email,
        deletion_flag_created: true,
        deletion_flag_ttl: durationSeconds,
      })
    },
  }),
  route({
    method: 'POST',
    path: '/api/admin/sessions/force-logout',
    access: 'admin',
    summary: 'End all sessions of an account and delay its next login',
    body: z.object({
      user_email: account,
      relogin_after_seconds: z.int().min(0).max(MAX_RELOGIN_SECONDS).default(DEFAULT_RELOGIN_SECONDS),
    }),
    answer: z.object({
      message: z.string(),
      user_email: z.string(),
      deleted_count: z.int().optional(),
      relogin_after_seconds: z.int(),
      deleted_by: z.string(),
      replication: replicationSchema,
    }),
    async handle({ gate, identity, actor, body }) {
      const ended = await forceLogout(gate, {
        account: body.user_email,
        by: actor,
        reloginAfterSeconds: body.relogin_after_seconds,
      })
      if (!ended.ok) return refuse(ended.denial)
      return json({
        ...serializeReplication('The account is logged out everywhere.', ended.value),
        user_email: body.user_email,
        deleted_count: ended.value.endedSessions,
        relogin_after_seconds: body.relogin_after_seconds,
        deleted_by: identity.email,
      })
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/admin/sessions/unban/{email}',
    access: 'admin',
    summary: 'Lift a ban; what it ended stays ended',
    answer: z.object({ message: z.string(), user_email: z.string(), unbanned_by: z.string() }),
    async handle({ gate, identity, actor, params }) {
      const named = account.safeParse(params.email)
      if (!named.success) return refuse(denial('input_invalid'))
      const unbanned = await unbanAccount(gate, { account: named.data, by: actor })
      if (!unbanned.ok) return refuse(unbanned.denial)
      return json({
        message: 'The ban is lifted.',
        user_email: named.data,
        unbanned_by: identity.email,
      })
    },
  }),
]
