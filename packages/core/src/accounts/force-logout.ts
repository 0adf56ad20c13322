import { audited } from '../audit/append.js'
import { type Actor, auditedAs, refuseOver, refuseOverOrOwn } from '../authorization/actor.js'
import type { Deps } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import { changeStanding } from '../standing/change.js'
import { countEnded } from '../standing/live.js'
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
  deps: Deps,
  input: { account: string; by: Actor; reloginAfterSeconds?: number },
): Promise<Outcome<ForcedLogout>> {
  const { account, by, reloginAfterSeconds = DEFAULT_RELOGIN_SECONDS } = input
  const forbidden = refuseOverOrOwn(deps, by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  const reloginAfter = deps.clock() + reloginAfterSeconds * 1000
  const recorded = {
    action: 'account.force_logout',
    ...auditedAs(by),
    subject: account,
    details: { relogin_after_seconds: reloginAfterSeconds },
  } as const
  return audited(deps, recorded, async () =>
    done({ reloginAfter, ...(await endAllSessions(deps, account, { reloginAfter })) }),
  )
}

/**
 * Ends every session of an account in one commit; it may log in again at once. Refused with `role_insufficient` or
 * `super_admin_protected` over another.
 */
export async function signOutEverywhere(
  deps: Deps,
  input: { account: string; by: Actor },
): Promise<Outcome<EndedSessions>> {
  const forbidden = refuseOver(deps, input.by, input.account)
  if (forbidden) return { ok: false, denial: forbidden }
  const recorded = {
    action: 'account.sign_out_everywhere',
    ...auditedAs(input.by),
    subject: input.account,
  } as const
  return audited(deps, recorded, async () => done(await endAllSessions(deps, input.account, {})))
}

async function endAllSessions(
  deps: Deps,
  account: string,
  more: { reloginAfter?: Millis },
): Promise<EndedSessions> {
  const partition = deps.partitionOf(account)
  const changed = await changeStanding(deps, partition, (current) => ({
    ...withoutSessions(current),
    ...more,
  }))
  const { sessionGeneration } = changed.standing
  const endedSessions = await countEnded(deps, partition, 'sessions', sessionGeneration)
  await pruneLater(deps, account)
  return { ...(endedSessions === undefined ? {} : { endedSessions }), ...replicationOf(changed) }
}
