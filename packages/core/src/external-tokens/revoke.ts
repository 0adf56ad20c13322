import { audited } from '../audit/append.js'
import { type Actor, auditedAs } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { collection, instant } from '../store/collection.js'
import type { Millis } from '../store/store.js'
import { type Replicated, replicationOf } from '../store/update.js'

/** By the id of the token, in the partition of its account. */
export const revokedExternal = collection<{ readonly at: Millis }>(
  'revoked-external',
  { at: instant },
  'revocation of an external token',
)

/** A token is taken for up to 60 s after its `exp`, and the clocks of machines differ; its revocation must not end first. */
const OUTLIVES_MS = 3_600_000

/**
 * Revokes one token of a trusted issuer, for good. Once this resolves, no request with it is allowed again. The gate
 * keeps no list of such tokens: `id` and `expiresAt` are those of the identity that it let in.
 */
export async function revokeExternalToken(
  context: GateContext,
  input: { account: string; id: string; expiresAt: Millis; by: Actor },
): Promise<Outcome<Replicated>> {
  const { account, id, by } = input
  const recorded = {
    action: 'token.revoke',
    ...auditedAs(by),
    subject: account,
    details: { token_id: id, external: true },
  } as const
  // What it had begun may still run, and is asked about.
  const expiresAt = Math.max(input.expiresAt, context.clock()) + OUTLIVES_MS
  return audited(context, recorded, async () => {
    const result = await context.store.commit(context.partitionOf(account), {
      confirm: true,
      essential: true,
      writes: [revokedExternal.put(id, { at: context.clock() }, { expiresAt })],
    })
    if (!result.committed) throw new PortcullisError('store_unavailable', 'A revocation was not stored')
    return done(replicationOf(result))
  })
}
