import { audited } from '../audit/append.js'
import { type Actor, auditedAs } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { WITHOUT_END } from '../context/limits.js'
import { done, type Outcome } from '../errors/outcome.js'
import { changeStanding } from '../standing/change.js'
import { readStoredStanding, type Standing, withoutSessions, withoutTokens } from '../standing/standing.js'
import { releaseSuperAdminBan, reserveSuperAdminBan } from './last-super-admin.js'
import { pruneLater } from './prune-ended.js'

/**
 * Puts an account back into service. What its deactivation ended stays ended, and a ban that an administrator imposed
 * goes on. What is in service stays as it is.
 */
export async function activateAccount(
  context: GateContext,
  { account, by }: { account: string; by: Actor },
): Promise<Outcome<void>> {
  const partition = context.partitionOf(account)
  const { deactivatedAt } = await readStoredStanding(context, partition)
  if (deactivatedAt === undefined) return done(undefined)
  return audited(context, { action: 'account.activate', ...auditedAs(by), subject: account }, async () => {
    await changeStanding(context, partition, activated)
    if (context.options.superAdmins.has(account)) await releaseSuperAdminBan(context, account, 'directory')
    return done(undefined)
  })
}

function activated({ deactivatedAt: _lifted, ...standing }: Standing): Standing {
  return standing
}

/**
 * Takes an account out of service until the directory activates it again: from one commit on every session, token,
 * refresh token and API key of it is dead for good, and it can neither log in nor be issued anything. A ban that an
 * administrator imposed stays beside it. What is deactivated already stays as it is. Refused with `last_super_admin`.
 */
export async function deactivateAccount(
  context: GateContext,
  { account, by }: { account: string; by: Actor },
): Promise<Outcome<void>> {
  const partition = context.partitionOf(account)
  const { deactivatedAt } = await readStoredStanding(context, partition)
  if (deactivatedAt !== undefined) return done(undefined)
  const recorded = { action: 'account.deactivate', ...auditedAs(by), subject: account } as const
  const deactivated = await audited(context, recorded, async () => {
    if (context.options.superAdmins.has(account)) {
      const reserved = await reserveSuperAdminBan(context, account, WITHOUT_END, 'directory')
      if (!reserved.ok) return reserved
    }
    const now = context.clock()
    const changed = await changeStanding(context, partition, (current) => ({
      ...withoutSessions(withoutTokens(current, now)),
      deactivatedAt: now,
    }))
    return done(changed)
  })
  if (!deactivated.ok) return deactivated
  await pruneLater(context, account)
  return done(undefined)
}
