import { audited } from '../audit/append.js'
import { type Actor, auditedAs } from '../authorization/actor.js'
import { isSuperAdmin } from '../authorization/roles.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'

/**
 * Accepts that the store lost records: credentials from before the loss that are still there work again, also those
 * that had been revoked after they were last saved. What was banned has to be banned again. For super
 * admins; refused with `role_insufficient`.
 */
export async function acceptLoss(context: GateContext, { by }: { by: Actor }): Promise<Outcome<void>> {
  if (!isSuperAdmin(by.role)) return refused('role_insufficient')
  return audited(context, { action: 'store.accept_loss', ...auditedAs(by), subject: 'store' }, async () => {
    await context.store.acceptLoss?.()
    return done(undefined)
  })
}
