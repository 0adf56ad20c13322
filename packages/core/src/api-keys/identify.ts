import { type RecentUses, touch } from '../activity/touch.js'
import { frozenIdentity, type Identity } from '../authentication/identity.js'
import { noteIssuedUnder } from '../authentication/issued-under.js'
import { refuseStaleLogin } from '../authentication/judge.js'
import { roleOfProgram } from '../authorization/role-by-group.js'
import type { Deps } from '../context/context.js'
import { isFromBeforeLoss } from '../data-loss/from-before-loss.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { activeBan, isViewer, STANDING, standingOf } from '../standing/standing.js'
import { apiKeyRecordKey, apiKeyRecordOf, isSecretOf, parseApiKey } from './key.js'

/** For what does not expire: the last instant that RFC 3339 can write. */
const NEVER = 253_402_300_799_000

/** Who presents an API key, as of now. Refused alike whether the key never was or is gone. */
export async function identifyByApiKey(
  deps: Deps,
  recent: RecentUses,
  credential: string,
): Promise<Outcome<Identity>> {
  const key = parseApiKey(credential)
  if (!key) return refused('api_key_invalid')
  const { id, partition, secret } = key
  const [standingRecord, stored] = await deps.store.read(partition, [STANDING, apiKeyRecordKey(id)])
  const record = stored && apiKeyRecordOf(stored)
  if (!record || !isSecretOf(record, secret)) return refused('api_key_invalid')
  const standing = standingOf(standingRecord)
  if (activeBan(standing, deps.clock())) return refused('account_banned')
  if (isFromBeforeLoss(deps, partition, record.createdAt)) return refused('issued_before_loss')
  if (record.generation !== standing.tokenGeneration) return refused('api_key_invalid')
  const stale = refuseStaleLogin(deps, standing)
  if (stale) return { ok: false, denial: stale }
  const expiresAt = stored.expiresAt ?? NEVER
  touch(deps, recent, { partition, kind: 'api-key', id, expiresAt })
  const { account, scopes, createdAt, generation } = record
  const identity: Identity = {
    accountId: account,
    email: account,
    groups: [],
    role: roleOfProgram(deps.roleOf(account), isViewer(deps, standing)),
    scopes,
    credential: { kind: 'api_key', id, issuedAt: createdAt, expiresAt },
    partition,
  }
  return done(noteIssuedUnder(frozenIdentity(identity), { issuedAt: createdAt, tokenGeneration: generation }))
}
