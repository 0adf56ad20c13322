import type { Identity } from './decision.js'
import type { Deps } from './deps.js'
import { isFromBeforeLoss } from './loss.js'
import { parseHandle, type SessionRecord, sessionRecordKey } from './sessions/session.js'
import { activeBan, STANDING, standingOf } from './standing/standing.js'
import { isRevoked, tokenRecordKey, tokenRecordOf } from './tokens/token.js'

/**
 * Whether someone who was let in still may stay, by what the store says now. Expiry alone does not end a running
 * response; a ban, a revocation and a logout do.
 */
export async function stillAllowed(deps: Deps, identity: Identity): Promise<boolean> {
  const { credential, partition } = identity
  if (credential.kind === 'token') {
    const [standing, token] = await deps.store.read(partition, [STANDING, tokenRecordKey(credential.id)])
    if (activeBan(standingOf(standing), deps.clock()) || !token) return false
    const record = tokenRecordOf(token)
    if (isFromBeforeLoss(deps, partition, record.createdAt)) return false
    return !isRevoked(record, standingOf(standing))
  }
  const id = parseHandle(credential.id)?.id ?? ''
  const [standing, session] = await deps.store.read(partition, [STANDING, sessionRecordKey(id)])
  if (activeBan(standingOf(standing), deps.clock()) || !session) return false
  if (isFromBeforeLoss(deps, partition, credential.issuedAt)) return false
  return (session.value as unknown as SessionRecord).generation === standingOf(standing).sessionGeneration
}
