import { audited } from '../audit/append.js'
import { type Actor, auditedAs } from '../authorization/actor.js'
import type { Deps } from '../deps.js'
import { done, type Outcome } from '../outcome.js'
import { changeStanding } from './change.js'
import { releaseSuperAdminBan } from './last-super-admin.js'
import { readStoredStanding, type Standing } from './standing.js'

/**
 * Puts an account back into service. What its deactivation ended stays ended, and a ban that an administrator imposed
 * goes on. What is in service stays as it is.
 */
export async function activateAccount(
  deps: Deps,
  { account, by }: { account: string; by: Actor },
): Promise<Outcome<void>> {
  const partition = deps.partitionOf(account)
  const { deactivatedAt } = await readStoredStanding(deps, partition)
  if (deactivatedAt === undefined) return done(undefined)
  return audited(deps, { action: 'account.activate', ...auditedAs(by), subject: account }, async () => {
    await changeStanding(deps, partition, activated)
    if (deps.options.superAdmins.has(account)) await releaseSuperAdminBan(deps, account, 'directory')
    return done(undefined)
  })
}

function activated({ deactivatedAt: _lifted, ...standing }: Standing): Standing {
  return standing
}
