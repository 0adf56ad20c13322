import type { Identity } from '../authentication/identity.js'
import { refuseGrant, refuseIssued } from '../authentication/judge.js'
import { actorOf, type RequestTrace } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { STANDING, type Standing, standingOf } from '../standing/standing.js'
import type { StoredRecord } from '../store/store.js'
import { type IssuedToken, issueToken, signAccessToken } from './issue.js'
import { statusOf, tokenRecords } from './token.js'
import { issuedAsToken, renewableSeconds } from './token-kind.js'

/**
 * Issues the successor of the token that is presented: the same name, scopes and lifetime, as far as the chain may live.
 * Every repeat gets the same one. The old token goes on until it expires. Refused with `renewal_refused` where renewal
 * is not offered, not yet, or not any more.
 */
export async function renewToken(
  context: GateContext,
  identity: Identity,
  trace: RequestTrace = {},
): Promise<Outcome<IssuedToken>> {
  const { accountId, partition, credential } = identity
  if (credential.kind !== 'token') return refused('renewal_refused')
  const key = tokenRecords.key(credential.id)
  const id = context.deriveId('renewal', credential.id)
  const read = () => context.store.read(partition, [STANDING, key, tokenRecords.key(id)])
  const [standing, stored, successor] = await read()
  if (successor) return repeat(context, identity, successor, standingOf(standing))
  if (!stored) return refused('token_invalid')
  const record = tokenRecords.read(stored)
  const lifetimeSeconds = renewableSeconds(context, record)
  if (lifetimeSeconds === undefined) return refused('renewal_refused')
  const { name, scopes, createdAt } = record
  const renewed = await issueToken(
    context,
    { account: accountId, by: actorOf(identity, trace), name, scopes, grantable: scopes, lifetimeSeconds },
    {
      id,
      firstIssuedAt: record.firstIssuedAt ?? createdAt,
      refuse: (current) => refuseGrant(context, current, issuedAsToken(partition, record)),
      checks: [
        { key, version: stored.version },
        { key: tokenRecords.key(id), version: null },
      ],
    },
  )
  if (renewed.ok || renewed.denial.code !== 'grant_invalid') return renewed
  const [now, , raced] = await read()
  return raced ? repeat(context, identity, raced, standingOf(now)) : refused('token_revoked')
}

const REPEAT_CODES = { lost: 'issued_before_loss', absent: 'token_invalid', ended: 'token_revoked' } as const

/** Who is let in with the old token has been judged, but the successor may have ended by itself. */
async function repeat(
  context: GateContext,
  { accountId: account, partition }: Identity,
  stored: StoredRecord,
  standing: Standing,
): Promise<Outcome<IssuedToken>> {
  const record = tokenRecords.read(stored)
  const refusal = refuseIssued(context, standing, issuedAsToken(partition, record), REPEAT_CODES)
  if (refusal) return { ok: false, denial: refusal }
  const { name, scopes, createdAt, expiresAt } = record
  const facts = { id: stored.id, scopes, createdAt, expiresAt }
  const token = await signAccessToken(context, account, facts)
  return done({
    token,
    info: { ...facts, account, name, status: statusOf(record, standing, context.clock()) },
  })
}
