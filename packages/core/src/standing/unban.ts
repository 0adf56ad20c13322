import { audited } from '../audit/append.js'
import type { Deps } from '../deps.js'
import { leave } from '../directory/directory.js'
import { done, type Outcome, refused } from '../outcome.js'
import { refuseOver } from './ban.js'
import { changeStanding } from './change.js'
import { releaseSuperAdminBan } from './last-super-admin.js'
import { activeBan, readStanding, type Standing } from './standing.js'

/**
 * Lifts a ban. What the ban ended stays ended, except for tokens under a ban with `keepTokens`. Refused with
 * `not_banned`, `own_account` or `super_admin_protected`.
 */
export async function unbanAccount(
  deps: Deps,
  input: { account: string; by: string },
): Promise<Outcome<void>> {
  const { account, by } = input
  const forbidden = refuseOver(deps, account, by)
  if (forbidden) return forbidden
  const partition = deps.partitionOf(account)
  const { standing } = await readStanding(deps, partition)
  if (!activeBan(standing, deps.clock())) return refused('not_banned')
  return audited(deps, { action: 'account.unban', actor: by, subject: account }, async () => {
    await changeStanding(deps, partition, withoutBan)
    if (deps.options.superAdmins.has(account)) await releaseSuperAdminBan(deps, account)
    await leave(deps, [{ directory: 'bans', id: partition }])
    return done(undefined)
  })
}

function withoutBan({ ban: _lifted, ...standing }: Standing): Standing {
  return standing
}
