import { z } from 'zod'
import { MAX_ACCOUNT_LENGTH } from '../../accounts/account-id.js'
import { type AuditFilter, listAudit } from '../../audit/list.js'
import { verifyAudit } from '../../audit/verify.js'
import { json } from '../answers/answer.js'
import { listQuery, nextCursor, pageOf, seconds } from '../answers/serialize.js'
import { route } from '../route.js'

const instant = z
  .string()
  .regex(/^\d{1,12}$/)
  .transform((text) => Number(text) * 1000)

/** The audit log. */
export const auditRoutes = [
  route({
    method: 'GET',
    path: '/api/admin/audit',
    access: 'admin',
    summary: 'The audit log, newest first',
    query: listQuery.extend({
      actor: z.string().max(MAX_ACCOUNT_LENGTH).optional(),
      action: z.string().max(64).optional(),
      subject: z.string().max(MAX_ACCOUNT_LENGTH).optional(),
      since: instant.optional(),
      until: instant.optional(),
    }),
    answer: z.object({
      entries: z.array(
        z.object({
          sequence: z.int(),
          at: z.int(),
          action: z.string(),
          actor: z.string(),
          credential: z.string().optional().describe('The kind of credential that the actor presented'),
          address: z.string().optional(),
          request_id: z.string().optional(),
          subject: z.string(),
          outcome: z.enum(['done', 'failed', 'unknown']),
          details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
          hash: z.string(),
        }),
      ),
      next_cursor: z.string().optional(),
    }),
    async handle({ gate, query }) {
      const { limit: _limit, cursor: _cursor, ...filter } = query
      const listed = await listAudit(gate, { ...pageOf(query), ...(filter as AuditFilter) })
      const entries = listed.items.map(
        ({
          sequence,
          at,
          action,
          actor,
          credential,
          address,
          requestId,
          subject,
          outcome,
          details,
          hash,
        }) => ({
          sequence,
          at: seconds(at),
          action,
          actor,
          credential,
          address,
          request_id: requestId,
          subject,
          outcome: outcome ?? 'done',
          details: details ?? {},
          hash,
        }),
      )
      return json({ entries, ...nextCursor(listed) })
    },
  }),
  route({
    method: 'GET',
    path: '/api/admin/audit/verify',
    access: 'admin',
    summary: 'Recompute the hash chain of the audit log from its checkpoint on',
    answer: z.object({
      intact: z.boolean(),
      entries: z.int(),
      broken_at: z.int().optional(),
      head: z.string(),
      checkpoint: z.object({ sequence: z.int(), hash: z.string(), at: z.int(), entries: z.int() }).optional(),
    }),
    async handle({ gate }) {
      const { intact, entries, brokenAt, head, checkpoint } = await verifyAudit(gate)
      return json({
        intact,
        entries,
        ...(brokenAt === undefined ? {} : { broken_at: brokenAt }),
        head,
        ...(checkpoint === undefined ? {} : { checkpoint: { ...checkpoint, at: seconds(checkpoint.at) } }),
      })
    },
  }),
]
