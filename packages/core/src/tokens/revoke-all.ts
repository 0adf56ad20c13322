import { audited } from '../audit/append.js'
import { type Actor, auditedAs } from '../authorization/actor.js'
import { refuseOver } from '../authorization/over-account.js'
import type { Deps } from '../deps.js'
import { done, type Outcome } from '../outcome.js'
import { changeStanding } from '../standing/change.js'
import { withoutTokens } from '../standing/standing.js'
import { type Replicated, replicationOf } from '../store/replication.js'
import { collectRevokedTokens } from './collect.js'

export interface RevokedTokens extends Replicated {
  /** How many had still been good. */
  readonly revokedCount: number
}

/**
 * Revokes every token that an account has. True for all of them from one commit on, whatever their number; the records
 * are marked afterwards. Answers how many had still been good. Refused over another account with `role_insufficient` or
 * `super_admin_protected`.
 */
export async function revokeAllTokens(
  deps: Deps,
  input: { account: string; by: Actor },
): Promise<Outcome<RevokedTokens>> {
  const forbidden = refuseOver(deps, input.by, input.account)
  if (forbidden) return { ok: false, denial: forbidden }
  const recorded = {
    action: 'token.revoke_all',
    ...auditedAs(input.by),
    subject: input.account,
  } as const
  const revoked = await audited(deps, recorded, async () =>
    done(
      await changeStanding(deps, deps.partitionOf(input.account), (standing) =>
        withoutTokens(standing, deps.clock()),
      ),
    ),
  )
  if (!revoked.ok) return revoked
  const { tokenGeneration } = revoked.value.standing
  return done({
    revokedCount: await collectRevokedTokens(deps, input.account, tokenGeneration),
    ...replicationOf(revoked.value),
  })
}
