import { pruneLater } from '../accounts/prune-ended.js'
import { audited } from '../audit/append.js'
import { auditedAs, serviceActor } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done } from '../errors/outcome.js'
import { changeStanding } from '../standing/change.js'
import { type Standing, withoutSessions, withoutTokens } from '../standing/standing.js'

/** What a logout of a whole subject ends. */
export type LogoutEnds = 'everything' | 'sessions'

/** The identity provider in the audit log. */
export const PROVIDER = serviceActor('identity-provider')

/**
 * Ends every session and refresh token of an account, and unless `ends` is `sessions` its tokens and
 * API keys, in one commit; only refresh tokens alone are ended one by one. It may log in again at once.
 */
export async function endAccountByProvider(
  context: GateContext,
  account: string,
  ends: LogoutEnds,
): Promise<void> {
  const partition = context.partitionOf(account)
  const recorded = {
    action: 'account.provider_logout',
    ...auditedAs(PROVIDER),
    subject: account,
    details: { ends },
  } as const
  const endTokens = (standing: Standing) =>
    ends === 'everything' ? withoutTokens(standing, context.clock()) : standing
  const changed = await audited(context, recorded, async () => {
    const result = await changeStanding(context, partition, (current) => withoutSessions(endTokens(current)))
    if (ends === 'sessions') await context.grants.endAll(account)
    return done(result)
  })
  if (changed.ok) await pruneLater(context, account)
}
