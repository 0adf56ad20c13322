import { pruneLater } from '../accounts/prune-ended.js'
import { audited } from '../audit/append.js'
import { type Actor, auditedAs, refuseOver } from '../authorization/actor.js'
import type { Deps } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import { changeStanding } from '../standing/change.js'
import { countEnded } from '../standing/live.js'
import { withoutTokens } from '../standing/standing.js'
import { type Replicated, replicationOf } from '../store/update.js'

export interface RevokedTokens extends Replicated {
  /** How many had still been good. Absent when the store did not tell. */
  readonly revokedCount?: number
}

/**
 * Revokes every token that an account has. True for all of them from one commit on, whatever their number, and answered
 * then; the records are marked afterwards. Answers how many had still been good. Refused over another account with `role_insufficient` or
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
  const partition = deps.partitionOf(input.account)
  const revokedCount = await countEnded(deps, partition, 'tokens', tokenGeneration)
  await pruneLater(deps, input.account)
  return done({
    ...(revokedCount === undefined ? {} : { revokedCount }),
    ...replicationOf(revoked.value),
  })
}
