import { leave } from '../account-index/account-index.js'
import { audited } from '../audit/append.js'
import { type Actor, auditedAs, refuseOverOrOwn } from '../authorization/actor.js'
import { isSuperAdmin } from '../authorization/roles.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { changeStanding } from '../standing/change.js'
import { imposedBan, readStanding, type Standing } from '../standing/standing.js'
import { activateAccount } from './deactivate.js'
import { releaseSuperAdminBan } from './last-super-admin.js'

/**
 * Lifts a ban. What the ban ended stays ended, except for tokens under a ban with `keepTokens`. Where there is no ban, a
 * super admin lifts a deactivation, which a directory that is gone could not. Refused with `not_banned`, `own_account`,
 * `super_admin_protected`, or `role_insufficient` for who is no admin and over a deactivation.
 */
export async function unbanAccount(
  context: GateContext,
  input: { account: string; by: Actor },
): Promise<Outcome<void>> {
  const { account, by } = input
  const forbidden = refuseOverOrOwn(context, by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  const partition = context.partitionOf(account)
  const { standing } = await readStanding(context, partition)
  if (!imposedBan(standing, context.clock())) {
    if (standing.deactivatedAt === undefined) return refused('not_banned')
    if (isSuperAdmin(by.role)) return activateAccount(context, { account, by })
    return refused('role_insufficient', { detail: 'The directory has deactivated this account.' })
  }
  return audited(context, { action: 'account.unban', ...auditedAs(by), subject: account }, async () => {
    await changeStanding(context, partition, withoutBan)
    if (context.options.superAdmins.has(account)) await releaseSuperAdminBan(context, account)
    await leave(context, [{ index: 'bans', id: partition }])
    return done(undefined)
  })
}

function withoutBan({ ban: _lifted, ...standing }: Standing): Standing {
  return standing
}
