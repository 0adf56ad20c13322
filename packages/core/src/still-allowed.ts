import { apiKeyRecordKey, apiKeyRecordOf } from './api-keys/key.js'
import type { Identity } from './decision.js'
import type { Deps } from './deps.js'
import { isFromBeforeLoss } from './loss.js'
import { parseHandle, type SessionRecord, sessionRecordKey } from './sessions/session.js'
import { activeBan, STANDING, type Standing, standingOf } from './standing/standing.js'
import type { Millis, RecordKey, StoredRecord } from './store/store.js'
import { isRevoked, tokenRecordKey, tokenRecordOf } from './tokens/token.js'
import { isExternalTokenAlive } from './trusted-issuers/trusted-issuers.js'

/**
 * Whether someone who was let in still may stay, by what the store says now. Expiry alone does not end a running
 * response; a ban, a revocation and a logout do.
 */
export async function stillAllowed(deps: Deps, identity: Identity): Promise<boolean> {
  const { partition, credential } = identity
  if (credential.kind === 'master_key') return true
  if (credential.kind === 'external_token') return isExternalTokenAlive(deps, identity)
  const issued = ISSUED[credential.kind]
  const [standingRecord, stored] = await deps.store.read(partition, [STANDING, issued.key(credential.id)])
  const standing = standingOf(standingRecord)
  if (activeBan(standing, deps.clock()) || !stored) return false
  if (isFromBeforeLoss(deps, partition, issued.createdAt(stored))) return false
  return issued.isLive(stored, standing)
}

/** How to tell of what was issued that it has not been taken back. */
interface Issued {
  readonly key: (id: string) => RecordKey
  readonly createdAt: (stored: StoredRecord) => Millis
  readonly isLive: (stored: StoredRecord, standing: Standing) => boolean
}

const sessionRecordOf = (stored: StoredRecord) => stored.value as unknown as SessionRecord

const ISSUED: Record<'token' | 'api_key' | 'session', Issued> = {
  token: {
    key: tokenRecordKey,
    createdAt: (stored) => tokenRecordOf(stored).createdAt,
    isLive: (stored, standing) => !isRevoked(tokenRecordOf(stored), standing),
  },
  api_key: {
    key: apiKeyRecordKey,
    createdAt: (stored) => apiKeyRecordOf(stored).createdAt,
    isLive: (stored, standing) => apiKeyRecordOf(stored).generation === standing.tokenGeneration,
  },
  session: {
    key: (handle) => sessionRecordKey(parseHandle(handle)?.id ?? ''),
    createdAt: (stored) => sessionRecordOf(stored).createdAt,
    isLive: (stored, standing) => sessionRecordOf(stored).generation === standing.sessionGeneration,
  },
}
