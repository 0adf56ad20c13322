import { appendAudit } from '../audit/append.js'
import { refuseGrant } from '../authentication/judge.js'
import { actorByExchange, auditedAs, type RequestTrace } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { RETRY_WINDOW_SECONDS } from '../context/limits.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { STANDING, standingOf } from '../standing/standing.js'
import type { StoredRecord } from '../store/store.js'
import { optimistically, RACED } from '../store/update.js'
import { issueToken } from '../tokens/issue.js'
import { type OAuthClient, scopesForClient } from './clients.js'
import { type GrantedTokens, lastGranted } from './granted.js'
import {
  families,
  issuedAsFamily,
  proveRefreshToken,
  type RefreshClaims,
  type RefreshFamily,
} from './refresh-token.js'
import { endFamily } from './revoke-family.js'

export interface RefreshRequest {
  readonly refreshToken: string
  readonly client: OAuthClient
  /** No more than the family has. Default: all of it. */
  readonly scopes?: readonly string[]
  readonly trace?: RequestTrace
}

/**
 * Spends a refresh token for a new pair (RFC 6749 §6). One commit spends the token and makes the new one: of any number
 * at once, one spends it, and a refresh that fails has spent nothing.
 *
 * For `RETRY_WINDOW_SECONDS` after it was spent, and until its successor is used, a token gets the same successor again,
 * since the answer may have been lost. Later, it ends its family (RFC 9700 §4.14.2).
 *
 * What a thief gains by that: whoever steals a token and comes with it within the window has the same successor as the
 * client, which is no more than by stealing the successor itself. From then on both hold one token, and of their next
 * two uses the later one finds it spent. To stay unnoticed, each would have to come within seconds after the other,
 * every time, not knowing when that is; and the family ends with its absolute life.
 *
 * Refused with `grant_invalid`, `account_banned`, `login_stale` or `scope_insufficient`.
 */
export async function refreshTokens(
  context: GateContext,
  request: RefreshRequest,
): Promise<Outcome<GrantedTokens>> {
  const claims = await proveRefreshToken(context, request.refreshToken)
  if (!claims) return refused('grant_invalid')
  const { accountId, familyId } = claims
  const partition = context.partitionOf(accountId)
  return optimistically(context, 'A family of refresh tokens changed too often', async () => {
    const [standingRecord, stored] = await context.store.read(partition, [STANDING, families.key(familyId)])
    const family = stored && families.read(stored)
    const refusal = refuseGrant(context, standingOf(standingRecord), issuedAsFamily(partition, family))
    if (refusal) return { ok: false, denial: refusal }
    if (!family || family.clientId !== request.client.id) return refused('grant_invalid')
    // The store has an older record than the one that we made this token by: nothing was used twice.
    if (claims.turn > family.turn) return refused('grant_invalid')
    if (isRetry(context, claims, family)) {
      const expiresAt = stored.expiresAt ?? family.turnedAt
      return done(await lastGranted(context, { accountId, familyId, family, expiresAt }))
    }
    if (claims.turn < family.turn) return endReused(context, claims, family, request.trace)
    const turned = await turn(context, request, claims, stored)
    // Somebody else was first, whose successor it is then, or the account’s standing has changed.
    return turned.ok || turned.denial.code !== 'grant_invalid' ? turned : RACED
  })
}

function isRetry(context: GateContext, claims: RefreshClaims, { turn, turnedAt }: RefreshFamily): boolean {
  return claims.turn === turn - 1 && context.clock() < turnedAt + RETRY_WINDOW_SECONDS * 1000
}

async function turn(
  context: GateContext,
  { client, scopes, trace }: RefreshRequest,
  { accountId, familyId }: RefreshClaims,
  stored: StoredRecord,
): Promise<Outcome<GrantedTokens>> {
  const family = families.read(stored)
  const partition = context.partitionOf(accountId)
  // A client may have been given more than it may have by now.
  const grantable = scopesForClient(client, family.scopes)
  if (grantable.length === 0) return refused('scope_insufficient')
  const { accessLifetimeSeconds, refreshLifetimeSeconds, maxLifetimeSeconds } = context.options.tokens
  const now = context.clock()
  const expiresAt = Math.min(
    now + refreshLifetimeSeconds * 1000,
    family.createdAt + maxLifetimeSeconds * 1000,
  )
  const next = { turn: family.turn + 1, turnedAt: now }
  const issued = await issueToken(
    context,
    {
      account: accountId,
      by: actorByExchange(context, accountId, 'refresh_token', trace),
      scopes: scopes ?? grantable,
      grantable,
      name: client.name ?? client.id,
      lifetimeSeconds: accessLifetimeSeconds,
    },
    {
      id: context.deriveId('access', `${familyId} ${next.turn}`),
      family: familyId,
      clientId: client.id,
      refuse: (standing) => refuseGrant(context, standing, issuedAsFamily(partition, family)),
      checks: [{ key: families.key(familyId), version: stored.version }],
      writes: (_standing, access) => [
        families.put(familyId, { ...family, ...next, access }, { sort: stored.sort, expiresAt }),
      ],
    },
  )
  if (!issued.ok) return issued
  const turned = { ...next, clientId: client.id, access: issued.value.info }
  return done(await lastGranted(context, { accountId, familyId, family: turned, expiresAt }))
}

/** Who comes with a spent token later than a client tries again has found it somewhere. */
async function endReused(
  context: GateContext,
  { accountId, familyId }: RefreshClaims,
  family: RefreshFamily,
  trace: RequestTrace | undefined,
): Promise<Outcome<never>> {
  await appendAudit(context, {
    action: 'refresh.reuse',
    ...auditedAs(actorByExchange(context, accountId, 'refresh_token', trace)),
    subject: accountId,
    details: { family_id: familyId, client_id: family.clientId },
  })
  await endFamily(context, { account: accountId, familyId })
  return refused('grant_invalid')
}
