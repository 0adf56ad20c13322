import type { Actor } from '../authorization/actor.js'
import { done, type Outcome } from '../errors/outcome.js'
import type { PluginContext } from '../plugin/context.js'
import { type Replicated, replicationOf } from '../store/update.js'
import { keyDenial } from './denials.js'
import { apiKeyRecords, apiKeyUses } from './key.js'

export type RevokingContext = Pick<PluginContext, 'audited' | 'records' | 'refuseOver'>

/**
 * Revokes one API key of an account, at once and for good. Refused with `key_not_found`, and over another account with
 * `role_insufficient` or `super_admin_protected`.
 */
export async function revokeApiKey(
  context: RevokingContext,
  input: { account: string; id: string; by: Actor },
): Promise<Outcome<Replicated>> {
  const { account, id, by } = input
  const forbidden = context.refuseOver(by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  const ofAccount = context.records({ account })
  const [stored] = await ofAccount.read([apiKeyRecords.key(id)])
  if (!stored) return { ok: false, denial: keyDenial('key_not_found') }
  const deed = { action: 'api_key.revoke', by, subject: account, details: { key_id: id } } as const
  const writes = [apiKeyRecords.delete(id), apiKeyUses.delete(id)]
  const revoked = await context.audited(deed, async () =>
    done(await ofAccount.commit({ isRevocation: true, writes })),
  )
  return revoked.ok ? done(revoked.value.committed ? replicationOf(revoked.value) : {}) : revoked
}
