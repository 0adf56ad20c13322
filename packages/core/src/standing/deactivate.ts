import { audited } from '../audit/append.js'
import { type Actor, auditedAs } from '../authorization/actor.js'
import type { Deps } from '../deps.js'
import { done, type Outcome } from '../outcome.js'
import { changeStanding } from './change.js'
import { reserveSuperAdminBan } from './last-super-admin.js'
import { pruneLater } from './prune-ended.js'
import { readStoredStanding, WITHOUT_END, withoutSessions, withoutTokens } from './standing.js'

/**
 * Takes an account out of service until the directory activates it again: from one commit on every session, token,
 * refresh token and API key of it is dead for good, and it can neither log in nor be issued anything. A ban that an
 * administrator imposed stays beside it. What is deactivated already stays as it is. Refused with `last_super_admin`.
 */
export async function deactivateAccount(
  deps: Deps,
  { account, by }: { account: string; by: Actor },
): Promise<Outcome<void>> {
  const partition = deps.partitionOf(account)
  const { deactivatedAt } = await readStoredStanding(deps, partition)
  if (deactivatedAt !== undefined) return done(undefined)
  const recorded = { action: 'account.deactivate', ...auditedAs(by), subject: account } as const
  const deactivated = await audited(deps, recorded, async () => {
    if (deps.options.superAdmins.has(account)) {
      const reserved = await reserveSuperAdminBan(deps, account, WITHOUT_END, 'directory')
      if (!reserved.ok) return reserved
    }
    const now = deps.clock()
    const changed = await changeStanding(deps, partition, (current) => ({
      ...withoutSessions(withoutTokens(current, now)),
      deactivatedAt: now,
    }))
    return done(changed)
  })
  if (!deactivated.ok) return deactivated
  await pruneLater(deps, account)
  return done(undefined)
}
