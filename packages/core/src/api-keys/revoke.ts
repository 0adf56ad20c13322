import { audited } from '../audit/append.js'
import { type Actor, auditedAs, refuseOver } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import { type Replicated, replicationOf } from '../store/update.js'
import { keyDenial } from './denials.js'
import { apiKeyRecords, apiKeyUses } from './key.js'

/**
 * Revokes one API key of an account, at once and for good. Refused with `key_not_found`, and over another account with
 * `role_insufficient` or `super_admin_protected`.
 */
export async function revokeApiKey(
  context: GateContext,
  input: { account: string; id: string; by: Actor },
): Promise<Outcome<Replicated>> {
  const { account, id, by } = input
  const forbidden = refuseOver(context, by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  const partition = context.partitionOf(account)
  const key = apiKeyRecords.key(id)
  const [stored] = await context.store.read(partition, [key])
  if (!stored) return { ok: false, denial: keyDenial('key_not_found') }
  const recorded = {
    action: 'api_key.revoke',
    ...auditedAs(by),
    subject: account,
    details: { key_id: id },
  } as const
  const revoked = await audited(context, recorded, async () =>
    done(
      await context.store.commit(partition, {
        confirm: true,
        essential: true,
        writes: [apiKeyRecords.delete(id), apiKeyUses.delete(id)],
      }),
    ),
  )
  return revoked.ok ? done(revoked.value.committed ? replicationOf(revoked.value) : {}) : revoked
}
