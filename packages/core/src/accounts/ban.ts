import { enter } from '../account-index/account-index.js'
import { audited } from '../audit/append.js'
import { type Acted, type ActsFor, auditedAs, refuseOverOrOwn } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { lineOf } from '../encoding/text.js'
import { done, type Outcome, refuseLong } from '../errors/outcome.js'
import { changeStanding } from '../standing/change.js'
import { countEnded } from '../standing/live-counts.js'
import { type Ban, withoutSessions, withoutTokens } from '../standing/standing.js'
import type { Millis } from '../store/store.js'
import { type Replicated, replicationOf } from '../store/update.js'
import { reserveSuperAdminBan } from './last-super-admin.js'
import { pruneLater } from './prune-ended.js'

export const DEFAULT_BAN_SECONDS = 604_800
export const MAX_BAN_SECONDS = 10 * 366 * 86_400
const REASON_LENGTH = 500

export interface BanRequest {
  /** Canonical e-mail; needs not have been seen before. */
  readonly account: string
  /** Who bans. */
  readonly by: ActsFor
  /** 1 to 316224000 (ten years). Default 604800 (7 days). */
  readonly durationSeconds?: number
  /** At most 500 characters, kept as one line. */
  readonly reason?: string
  /** The tokens sleep while the ban lasts instead of dying with it. Sessions always end. */
  readonly keepTokens?: boolean
}

export interface BanResult extends Replicated {
  readonly until: Millis
  readonly durationSeconds: number
  /** Sessions that lived until then. Absent when the store did not tell. */
  readonly endedSessions?: number
  /** Tokens that were good until then; 0 with `keepTokens`. Absent when the store did not tell. */
  readonly revokedTokens?: number
}

/**
 * Bans an account: from one commit on it can do nothing anywhere, and everything issued to it before stays dead. Answered
 * then, whatever it has; the records are pruned afterwards.
 * A longer or shorter ban replaces the one in force. Refused with `input_invalid` for a reason that is too long, `own_account`, `role_insufficient`,
 * `super_admin_protected` or `last_super_admin`.
 */
export async function banAccount(
  context: GateContext,
  request: Acted<BanRequest>,
): Promise<Outcome<BanResult>> {
  const { account, by, durationSeconds = DEFAULT_BAN_SECONDS, keepTokens = false } = request
  const forbidden = refuseOverOrOwn(context, by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  const now = context.clock()
  const until = now + durationSeconds * 1000
  const reason = lineOf(request.reason ?? '', REASON_LENGTH)
  if (reason === undefined) return refuseLong('reason', REASON_LENGTH)
  const ban: Ban = { at: now, until, by: by.account, reason, keepTokens }
  const recorded = {
    action: 'account.ban',
    ...auditedAs(by),
    subject: account,
    details: { duration_seconds: durationSeconds, reason, keep_tokens: keepTokens },
  } as const
  const partition = context.partitionOf(account)
  const banned = await audited(context, recorded, async () => {
    if (context.options.superAdmins.has(account)) {
      const reserved = await reserveSuperAdminBan(context, account, until)
      if (!reserved.ok) return reserved
    }
    await enter(context, [{ index: 'bans', id: partition, account, sort: until, expiresAt: until }], {
      essential: true,
    })
    const changed = await changeStanding(context, partition, (current) => ({
      ...withoutSessions(keepTokens ? current : withoutTokens(current, now)),
      ban,
    }))
    return done(changed)
  })
  if (!banned.ok) return banned
  const { sessionGeneration, tokenGeneration } = banned.value.standing
  const [endedSessions, revokedTokens] = await Promise.all([
    countEnded(context, partition, 'sessions', sessionGeneration),
    keepTokens ? 0 : countEnded(context, partition, 'tokens', tokenGeneration),
  ])
  await pruneLater(context, account)
  return done({
    until,
    durationSeconds,
    ...(endedSessions === undefined ? {} : { endedSessions }),
    ...(revokedTokens === undefined ? {} : { revokedTokens }),
    ...replicationOf(banned.value),
  })
}
