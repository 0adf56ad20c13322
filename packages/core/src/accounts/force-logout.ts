import { audited } from '../audit/append.js'
import { type Actor, auditedAs, refuseOver, refuseOverOrOwn } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import { changeStanding } from '../standing/change.js'
import { countEnded } from '../standing/live-counts.js'
import { withoutSessions } from '../standing/standing.js'
import type { Millis } from '../store/store.js'
import { type Replicated, replicationOf } from '../store/update.js'
import { pruneLater } from './prune-ended.js'

export const DEFAULT_RELOGIN_SECONDS = 60
export const MAX_RELOGIN_SECONDS = 30 * 86_400

export interface EndedSessions extends Replicated {
  /** Sessions that lived until then. Absent when the store did not tell. */
  readonly endedSessions?: number
}

export interface ForcedLogout extends EndedSessions {
  readonly reloginAfter: Millis
}

/**
 * Ends every session of an account and keeps it from logging in for `reloginAfterSeconds` (0 to 2592000, default 60).
 * Tokens go on. Refused with `own_account`, `role_insufficient` or `super_admin_protected`.
 */
export async function forceLogout(
  context: GateContext,
  input: { account: string; by: Actor; reloginAfterSeconds?: number },
): Promise<Outcome<ForcedLogout>> {
  const { account, by, reloginAfterSeconds = DEFAULT_RELOGIN_SECONDS } = input
  const forbidden = refuseOverOrOwn(context, by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  const reloginAfter = context.clock() + reloginAfterSeconds * 1000
  const recorded = {
    action: 'account.force_logout',
    ...auditedAs(by),
    subject: account,
    details: { relogin_after_seconds: reloginAfterSeconds },
  } as const
  return audited(context, recorded, async () =>
    done({ reloginAfter, ...(await endAllSessions(context, account, { reloginAfter })) }),
  )
}

/**
 * Ends every session of an account in one commit; it may log in again at once. Refused with `role_insufficient` or
 * `super_admin_protected` over another.
 */
export async function signOutEverywhere(
  context: GateContext,
  input: { account: string; by: Actor },
): Promise<Outcome<EndedSessions>> {
  const forbidden = refuseOver(context, input.by, input.account)
  if (forbidden) return { ok: false, denial: forbidden }
  const recorded = {
    action: 'account.sign_out_everywhere',
    ...auditedAs(input.by),
    subject: input.account,
  } as const
  return audited(context, recorded, async () => done(await endAllSessions(context, input.account, {})))
}

async function endAllSessions(
  context: GateContext,
  account: string,
  more: { reloginAfter?: Millis },
): Promise<EndedSessions> {
  const partition = context.partitionOf(account)
  const changed = await changeStanding(context, partition, (current) => ({
    ...withoutSessions(current),
    ...more,
  }))
  const { sessionGeneration } = changed.standing
  const endedSessions = await countEnded(context, partition, 'sessions', sessionGeneration)
  await pruneLater(context, account)
  return { ...(endedSessions === undefined ? {} : { endedSessions }), ...replicationOf(changed) }
}
