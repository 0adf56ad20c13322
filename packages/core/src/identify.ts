import type { RecentUses } from './activity/touch.js'
import { touch } from './activity/touch.js'
import { pickCredential } from './credentials.js'
import type { Identity, RequestView, Role } from './decision.js'
import type { Deps } from './deps.js'
import { isFromBeforeLoss } from './loss.js'
import { done, type Outcome, refused } from './outcome.js'
import { cookieNames } from './sessions/cookie.js'
import { extendSession } from './sessions/extend.js'
import { handleOf, openSession, parseCookieValue, sessionRecordKey } from './sessions/session.js'
import { activeBan, STANDING, standingOf } from './standing/standing.js'
import { isRevoked, tokenRecordKey, tokenRecordOf } from './tokens/token.js'
import { verifyToken } from './tokens/verify.js'

/**
 * Who makes this request, by the one credential that it presents, judged against the account's standing as it is now.
 * Rejects with `store_unavailable` when the standing cannot be read: no answer is ever guessed.
 */
export async function identify(
  deps: Deps,
  recent: RecentUses,
  view: RequestView,
): Promise<Outcome<Identity>> {
  const credential = pickCredential(view, cookieNames(deps.options.secure).session)
  switch (credential.kind) {
    case 'bearer':
      return identifyByToken(deps, recent, credential.token)
    case 'session':
      return identifyBySession(deps, credential.cookieValue)
    case 'none':
      return refused('credentials_missing')
    case 'refused':
      return { ok: false, denial: credential.denial }
  }
}

async function identifyByToken(deps: Deps, recent: RecentUses, token: string): Promise<Outcome<Identity>> {
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
  touch(deps, recent, { partition, kind: 'token', id, expiresAt: tokenRecord.expiresAt ?? expiresAt })
  const role = deps.roleOf(accountId)
  return done({
    accountId,
    email: accountId,
    groups: [],
    role,
    scopes,
    credential: { kind: 'token', id, issuedAt, expiresAt },
    partition,
  })
}

async function identifyBySession(deps: Deps, cookieValue: string): Promise<Outcome<Identity>> {
  const key = parseCookieValue(cookieValue)
  if (!key) return refused('session_invalid')
  const [standingRecord, stored] = await deps.store.read(key.partition, [STANDING, sessionRecordKey(key.id)])
  const session = stored && openSession(deps, key, stored)
  if (!session) return refused('session_invalid')
  if (isFromBeforeLoss(deps, key.partition, session.createdAt)) return refused('issued_before_loss')
  const standing = standingOf(standingRecord)
  if (activeBan(standing, deps.clock())) return refused('account_banned')
  if (session.generation !== standing.sessionGeneration) return refused('session_invalid')
  extendSession(deps, key, stored).catch((cause: unknown) =>
    deps.report({ level: 'warn', code: 'session_unextended', detail: 'A session was not extended', cause }),
  )
  const { email, name, groups, createdAt, expiresAt } = session
  const role = deps.roleOf(email)
  return done({
    accountId: email,
    email,
    ...(name === undefined ? {} : { name }),
    groups,
    role,
    scopes: scopesOf(deps, role),
    credential: { kind: 'session', id: handleOf(key), issuedAt: createdAt, expiresAt },
    partition: key.partition,
  })
}

/** Every scope that an account of this role may hold. */
export function scopesOf(deps: Deps, role: Role): readonly string[] {
  return Object.keys(deps.options.scopes).filter((scope) => scope !== 'admin' || role !== 'user')
}
