import { z } from 'zod'
import type { Listed } from '../../account-index/account-index.js'
import { canonicalAccount } from '../../accounts/account-id.js'
import type { Millis } from '../../store/store.js'
import type { Replicated } from '../../store/update.js'
import type { TokenInfo } from '../../tokens/token.js'

/** Of answers to bans and revocations; only where the gate waits for replicas. */
export const replicationSchema = z
  .object({ requested: z.int(), confirmed: z.int() })
  .optional()
  .describe('How many replicas should have the change, and how many had it in time')

/** Says honestly when a change is on fewer machines than it should be. */
export function serializeReplication(
  message: string,
  { replication }: Replicated,
): { message: string; replication?: { requested: number; confirmed: number } } {
  if (!replication) return { message }
  const { requested, confirmed } = replication
  if (confirmed >= requested) return { message, replication: { requested, confirmed } }
  const doubt = `It holds now, but only ${confirmed} of ${requested} replicas confirmed it: the loss of the master may undo it.`
  return { message: `${message} ${doubt}`, replication: { requested, confirmed } }
}

/** Times on the wire are Unix seconds. */
export function seconds(at: Millis): number {
  return Math.floor(at / 1000)
}

/** An account as its e-mail in any spelling, or `subject:SUBJECT:ISSUER`; in its one spelling from here on. */
export const account = z
  .string()
  .max(4096)
  .transform((text, check) => {
    const canonical = canonicalAccount(text)
    if (canonical === undefined) check.addIssue({ code: 'custom', message: 'not an account' })
    return canonical ?? ''
  })

export const listQuery = z.object({
  limit: z
    .string()
    .regex(/^\d{1,3}$/)
    .default('50')
    .transform(Number)
    .pipe(z.number().min(1).max(200)),
  cursor: z.string().min(1).max(4096).optional(),
})

/** `cursor` only where there is one: under exact optional types an absent member is not an undefined one. */
export function pageOf({ limit, cursor }: z.output<typeof listQuery>): { limit: number; cursor?: string } {
  return cursor === undefined ? { limit } : { limit, cursor }
}

export function nextCursor({ nextCursor: cursor }: Listed<unknown>): { next_cursor?: string } {
  return cursor === undefined ? {} : { next_cursor: cursor }
}

export const tokenStatus = z.enum(['active', 'expired', 'revoked'])

export const tokenSchema = z.object({
  token_id: z.string(),
  token_name: z.string(),
  scopes: z.array(z.string()),
  created_at: z.int(),
  expires_at: z.int(),
  last_used_at: z.int().optional(),
  status: tokenStatus,
})

export function serializeToken(info: TokenInfo): z.output<typeof tokenSchema> {
  return {
    token_id: info.id,
    token_name: info.name,
    scopes: [...info.scopes],
    created_at: seconds(info.createdAt),
    expires_at: seconds(info.expiresAt),
    ...(info.lastUsedAt === undefined ? {} : { last_used_at: seconds(info.lastUsedAt) }),
    status: info.status,
  }
}
