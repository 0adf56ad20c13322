import { pruneLater } from '../accounts/prune-ended.js'
import { audited } from '../audit/append.js'
import { type Actor, auditedAs, refuseOver } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import { changeStanding } from '../standing/change.js'
import { countEnded } from '../standing/live-counts.js'
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
  context: GateContext,
  input: { account: string; by: Actor },
): Promise<Outcome<RevokedTokens>> {
  const forbidden = refuseOver(context, input.by, input.account)
  if (forbidden) return { ok: false, denial: forbidden }
  const recorded = {
    action: 'token.revoke_all',
    ...auditedAs(input.by),
    subject: input.account,
  } as const
  const revoked = await audited(context, recorded, async () =>
    done(
      await changeStanding(context, context.partitionOf(input.account), (standing) =>
        withoutTokens(standing, context.clock()),
      ),
    ),
  )
  if (!revoked.ok) return revoked
  const { tokenGeneration } = revoked.value.standing
  const partition = context.partitionOf(input.account)
  const revokedCount = await countEnded(context, partition, 'tokens', tokenGeneration)
  await pruneLater(context, input.account)
  return done({
    ...(revokedCount === undefined ? {} : { revokedCount }),
    ...replicationOf(revoked.value),
  })
}
