import type { Identity } from '../authentication/identity.js'
import { refuseGrant, refuseIssued } from '../authentication/judge.js'
import { actorOf, type RequestTrace } from '../authorization/actor.js'
import type { Deps } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { STANDING, type Standing, standingOf } from '../standing/standing.js'
import type { StoredRecord } from '../store/store.js'
import { type IssuedToken, issueToken, signAccessToken } from './issue.js'
import { issuedAsToken, statusOf, type TokenRecord, tokenRecords } from './token.js'

/** Where a token in the last fifth of its life is exchanged. */
export const RENEWAL_PATH = '/api/token/renew'

/**
 * For how long the successor of a token may live, where renewal is offered: in its last fifth, and not beyond
 * `maxLifetimeSeconds` from when the first token of its chain was issued. What was bought with a refresh token is
 * renewed with that alone, so that it cannot outlive its family.
 */
export function renewableSeconds(deps: Deps, record: TokenRecord): number | undefined {
  const { createdAt, expiresAt, family, firstIssuedAt = createdAt } = record
  const { minLifetimeSeconds, maxLifetimeSeconds } = deps.options.tokens
  if (deps.options.tokenRenewal !== 'offer' || family !== undefined) return undefined
  const issuedAt = Math.floor(createdAt / 1000) * 1000
  const now = deps.clock()
  if (now < expiresAt - (expiresAt - issuedAt) / 5) return undefined
  const endsAt = firstIssuedAt + maxLifetimeSeconds * 1000
  const seconds = Math.min((expiresAt - issuedAt) / 1000, Math.floor((endsAt - now) / 1000))
  return seconds >= minLifetimeSeconds ? seconds : undefined
}

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
