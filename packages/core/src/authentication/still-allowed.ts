import type { GateContext } from '../context/context.js'
import { standingOf } from '../standing/standing.js'
import { issuedBy, keysRead } from './authenticate.js'
import { type CredentialKind, kindOf } from './credential-kind.js'
import type { Identity } from './identity.js'
import { deadlineOf, fateOf, type Issued, issuedOf, noteDeadline } from './judge.js'

/**
 * Whether a running answer to someone who was let in may go on, by what the store says now. The expiry of the credential
 * ends nothing that runs: once it has expired, that its record is gone means nothing, while a ban, a deactivation, a
 * revocation and a logout end it as before. A login that has become too old ends nothing that runs either.
 *
 * For what is open without end, such as a WebSocket, hold to `credential.expiresAt` as well. An identity that is a copy
 * may stay only for as long as its record is there.
 */
export async function stillAllowed(context: GateContext, identity: Identity): Promise<boolean> {
  const { partition, credential } = identity
  const kind = kindOf(context, identity)
  if (!kind) return false
  if (kind.isOfOperator) return true
  const [standing, stored] = await context.store.read(partition, keysRead(kind, credential.id))
  const deadline = stored && kind.deadlineIn?.(stored)
  if (deadline !== undefined) noteDeadline(identity, deadline)
  const { issuedAt } = credential
  const issued = issuedBy(kind, { partition, issuedAt }, stored, stored && kind.records?.read(stored))
  const known = issued.isAbsent ? await withoutRecord(context, kind, identity, issued) : issued
  const fate = fateOf(context, standingOf(standing), known)
  return fate === 'live' || fate === 'stale_login'
}

/** What is left to go by: under what it was issued, and whether what stands behind it was ended. */
async function withoutRecord(
  context: GateContext,
  kind: CredentialKind,
  identity: Identity,
  absent: Issued,
): Promise<Issued> {
  const issued = issuedOf(identity)
  if (!issued || context.clock() < deadlineOf(identity)) return absent
  return { ...issued, isEnded: (await kind.wasEnded?.(identity.credential.id, issued)) ?? false }
}
