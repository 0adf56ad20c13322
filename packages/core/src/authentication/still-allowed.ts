import { apiKeyRecordKey, apiKeyRecordOf } from '../api-keys/key.js'
import type { Deps } from '../context/context.js'
import { isExternalTokenAlive } from '../external-tokens/identify.js'
import { familyKey, familyOf } from '../oauth/refresh-token.js'
import { endedSessionKey, parseHandle, sessionRecordKey, sessionRecordOf } from '../sessions/session.js'
import { STANDING, standingOf } from '../standing/standing.js'
import type { RecordKey, StoredRecord } from '../store/store.js'
import { tokenRecordKey, tokenRecordOf } from '../tokens/token.js'
import type { Identity } from './identity.js'
import { issuedUnder, noteDeadline } from './issued-under.js'
import { fateOf, type Issued } from './judge.js'

/**
 * Whether a running answer to someone who was let in may go on, by what the store says now. The expiry of the credential
 * ends nothing that runs: once it has expired, that its record is gone means nothing, while a ban, a deactivation, a
 * revocation and a logout end it as before. A login that has become too old ends nothing that runs either.
 *
 * For what is open without end, such as a WebSocket, hold to `credential.expiresAt` as well. An identity that is a copy
 * may stay only for as long as its record is there.
 */
export async function stillAllowed(deps: Deps, identity: Identity): Promise<boolean> {
  const { partition, credential } = identity
  if (credential.kind === 'master_key') return true
  if (credential.kind === 'external_token') return isExternalTokenAlive(deps, identity)
  const { key, read } = RECORDS[credential.kind]
  const [standing, stored] = await deps.store.read(partition, [STANDING, key(credential.id)])
  if (stored?.expiresAt !== undefined && credential.kind !== 'token') noteDeadline(identity, stored.expiresAt)
  const issued = stored ? { partition, ...read(stored) } : await withoutRecord(deps, identity)
  return fateOf(deps, standingOf(standing), issued) === 'live'
}

/** What is left to go by: under what it was issued, and whether what stands behind it was ended. */
async function withoutRecord(deps: Deps, identity: Identity): Promise<Issued> {
  const { partition, credential } = identity
  const under = issuedUnder(identity)
  if (under === undefined || deps.clock() < (under.expiresAt ?? credential.expiresAt))
    return { partition, issuedAt: credential.issuedAt, isAbsent: true }
  const { family, expiresAt: _expired, ...issued } = under
  return { partition, ...issued, isEnded: await wasEnded(deps, identity, family) }
}

async function wasEnded(deps: Deps, identity: Identity, family: string | undefined): Promise<boolean> {
  const { partition, credential } = identity
  if (credential.kind === 'session') {
    const [ended] = await deps.store.read(partition, [endedSessionKey(recordIdOf(credential.id))])
    return ended !== undefined
  }
  if (family === undefined) return false
  const [stored] = await deps.store.read(partition, [familyKey(family)])
  return stored !== undefined && familyOf(stored).endedAt !== undefined
}

/** Where the record of a credential is, and what it says. */
interface RecordOf {
  readonly key: (id: string) => RecordKey
  readonly read: (stored: StoredRecord) => Omit<Issued, 'partition'>
}

const recordIdOf = (handle: string) => parseHandle(handle)?.id ?? ''

const RECORDS: Readonly<Record<'token' | 'api_key' | 'session', RecordOf>> = {
  token: {
    key: tokenRecordKey,
    read(stored) {
      const { createdAt, generation, revokedAt } = tokenRecordOf(stored)
      return { issuedAt: createdAt, isEnded: revokedAt !== undefined, tokenGeneration: generation }
    },
  },
  api_key: {
    key: apiKeyRecordKey,
    read(stored) {
      const { createdAt, generation } = apiKeyRecordOf(stored)
      return { issuedAt: createdAt, tokenGeneration: generation }
    },
  },
  session: {
    key: (handle) => sessionRecordKey(recordIdOf(handle)),
    read(stored) {
      const { createdAt, generation } = sessionRecordOf(stored)
      return { issuedAt: createdAt, sessionGeneration: generation }
    },
  },
}
