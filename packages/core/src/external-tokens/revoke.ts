import type { Actor } from '../authorization/actor.js'
import { done, type Outcome } from '../errors/outcome.js'
import type { PluginContext } from '../plugin/context.js'
import { collection, instant } from '../store/collection.js'
import type { Millis } from '../store/store.js'
import type { Replicated } from '../store/update.js'

/** By the id of the token, in the partition of its account. */
export const revokedExternal = collection<{ readonly at: Millis }>(
  'revoked-external',
  { at: instant },
  'revocation of an external token',
)

/** A token is taken for up to 60 s after its `exp`, and the clocks of machines differ; its revocation must not end first. */
const OUTLIVES_MS = 3_600_000

export type RevokingContext = Pick<PluginContext, 'audited' | 'clock' | 'collection'>

/**
 * Revokes one token of a trusted issuer, for good. Once this resolves, no request with it is allowed again. The gate
 * keeps no list of such tokens: `id` and `expiresAt` are those of the identity that it let in.
 */
export async function revokeExternalToken(
  context: RevokingContext,
  input: { account: string; id: string; expiresAt: Millis; by: Actor },
): Promise<Outcome<Replicated>> {
  const { account, id, by } = input
  const { name, accepts } = revokedExternal
  const revoked = context.collection(name, accepts, { account })
  const deed = {
    action: 'token.revoke',
    by,
    subject: account,
    details: { token_id: id, external: true },
  } as const
  // What it had begun may still run, and is asked about.
  const expiresAt = Math.max(input.expiresAt, context.clock()) + OUTLIVES_MS
  return context.audited(deed, async () =>
    done(await revoked.put({ id, value: { at: context.clock() }, expiresAt }, { isRevocation: true })),
  )
}
