import type { Identity } from '../authentication/identity.js'
import { refuseGrant, refuseIssued } from '../authentication/judge.js'
import { actorOf, type RequestTrace } from '../authorization/actor.js'
import type { Deps } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { STANDING, type Standing, standingOf } from '../standing/standing.js'
import type { StoredRecord } from '../store/store.js'
import { issuedAsToken, renewableSeconds } from './credential-kind.js'
import { type IssuedToken, issueToken, signAccessToken } from './issue.js'
import { statusOf, tokenRecords } from './token.js'

/**
 * Issues the successor of the token that is presented: the same name, scopes and lifetime, as far as the chain may live.
 * Every repeat gets the same one. The old token goes on until it expires. Refused with `renewal_refused` where renewal
 * is not offered, not yet, or not any more.
 */
export async function renewToken(
  deps: Deps,
  identity: Identity,
  trace: RequestTrace = {},
): Promise<Outcome<IssuedToken>> {
  const { accountId, partition, credential } = identity
  if (credential.kind !== 'token') return refused('renewal_refused')
  const key = tokenRecords.key(credential.id)
  const id = deps.deriveId('renewal', credential.id)
  const read = () => deps.store.read(partition, [STANDING, key, tokenRecords.key(id)])
  const [standing, stored, successor] = await read()
  if (successor) return repeat(deps, identity, successor, standingOf(standing))
  if (!stored) return refused('token_invalid')
  const record = tokenRecords.read(stored)
  const lifetimeSeconds = renewableSeconds(deps, record)
  if (lifetimeSeconds === undefined) return refused('renewal_refused')
  const { name, scopes, createdAt } = record
  const renewed = await issueToken(
    deps,
    { account: accountId, by: actorOf(identity, trace), name, scopes, grantable: scopes, lifetimeSeconds },
    {
      id,
      firstIssuedAt: record.firstIssuedAt ?? createdAt,
      refuse: (current) => refuseGrant(deps, current, issuedAsToken(partition, record)),
      checks: [
        { key, version: stored.version },
        { key: tokenRecords.key(id), version: null },
      ],
    },
  )
  if (renewed.ok || renewed.denial.code !== 'grant_invalid') return renewed
  const [now, , raced] = await read()
  return raced ? repeat(deps, identity, raced, standingOf(now)) : refused('token_revoked')
}

const REPEAT_CODES = { lost: 'issued_before_loss', absent: 'token_invalid', ended: 'token_revoked' } as const

/** Who is let in with the old token has been judged, but the successor may have ended by itself. */
async function repeat(
  deps: Deps,
  { accountId: account, partition }: Identity,
  stored: StoredRecord,
  standing: Standing,
): Promise<Outcome<IssuedToken>> {
  const record = tokenRecords.read(stored)
  const refusal = refuseIssued(deps, standing, issuedAsToken(partition, record), REPEAT_CODES)
  if (refusal) return { ok: false, denial: refusal }
  const { name, scopes, createdAt, expiresAt } = record
  const facts = { id: stored.id, scopes, createdAt, expiresAt }
  const token = await signAccessToken(deps, account, facts)
  return done({ token, info: { ...facts, account, name, status: statusOf(record, standing, deps.clock()) } })
}
