import { type RecentUses, touch } from '../activity/touch.js'
import { frozenIdentity, type Identity } from '../authentication/identity.js'
import { noteIssuedUnder } from '../authentication/issued-under.js'
import { refuseStaleLogin } from '../authentication/judge.js'
import { roleOfProgram } from '../authorization/role-by-group.js'
import type { Deps } from '../context/context.js'
import { isFromBeforeLoss } from '../data-loss/from-before-loss.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { activeBan, isViewer, STANDING, standingOf } from '../standing/standing.js'
import { RENEWAL_PATH, renewableSeconds } from './renew.js'
import { isRevoked, tokenRecordKey, tokenRecordOf } from './token.js'
import { verifyToken } from './verify.js'

/** Who presents a token of this gate, as of now. */
export async function identifyByToken(
  deps: Deps,
  recent: RecentUses,
  token: string,
): Promise<Outcome<Identity>> {
  const verified = await verifyToken(deps, token)
  if (!verified.ok) return verified
  const { accountId, partition, id, issuedAt, expiresAt, scopes } = verified.value
  const [standingRecord, tokenRecord] = await deps.store.read(partition, [STANDING, tokenRecordKey(id)])
  const standing = standingOf(standingRecord)
  if (activeBan(standing, deps.clock())) return refused('account_banned')
  const record = tokenRecord && tokenRecordOf(tokenRecord)
  // To the millisecond where the record tells: what was minted right after a loss is good.
  if (isFromBeforeLoss(deps, partition, record?.createdAt ?? issuedAt)) return refused('issued_before_loss')
  if (!tokenRecord || !record) return refused('token_invalid')
  if (isRevoked(record, standing)) return refused('token_revoked')
  const stale = refuseStaleLogin(deps, standing)
  if (stale) return { ok: false, denial: stale }
  touch(deps, recent, { partition, kind: 'token', id, expiresAt: tokenRecord.expiresAt ?? expiresAt })
  const identity: Identity = {
    accountId,
    email: accountId,
    groups: [],
    role: roleOfProgram(deps.roleOf(accountId), isViewer(deps, standing)),
    scopes,
    credential: {
      kind: 'token',
      id,
      issuedAt,
      expiresAt,
      ...(renewableSeconds(deps, record) !== undefined ? { renewal: RENEWAL_PATH } : {}),
    },
    partition,
  }
  const { createdAt, generation, family } = record
  return done(
    noteIssuedUnder(frozenIdentity(identity), {
      issuedAt: createdAt,
      tokenGeneration: generation,
      ...(family === undefined ? {} : { family }),
    }),
  )
}
