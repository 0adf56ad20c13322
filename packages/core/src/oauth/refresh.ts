import { appendAudit } from '../audit/append.js'
import { actorByExchange, auditedAs, type RequestTrace } from '../authorization/actor.js'
import type { Deps } from '../deps.js'
import { isFromBeforeLoss } from '../loss.js'
import { done, type Outcome, refused } from '../outcome.js'
import { refuseStaleLogin } from '../standing/fresh-login.js'
import { activeBan, STANDING, standingOf } from '../standing/standing.js'
import type { JsonValue, Millis, StoredRecord } from '../store/store.js'
import { issueToken } from '../tokens/issue.js'
import type { OAuthClient } from './clients.js'
import type { GrantedTokens } from './granted.js'
import {
  familyKey,
  familyOf,
  proveRefreshToken,
  type RefreshClaims,
  type RefreshFamily,
  signRefreshToken,
} from './refresh-token.js'
import { endFamily } from './revoke-family.js'

export interface RefreshRequest {
  readonly refreshToken: string
  readonly client: OAuthClient
  /** No more than the family has. Default: all of it. */
  readonly scopes?: readonly string[]
  /** When the request came in: whoever came before the token was spent did not reuse it. */
  readonly arrivedAt: Millis
  readonly trace?: RequestTrace
}

/**
 * Spends a refresh token for a new pair (RFC 6749 §6). One commit spends the token and makes the new one: of any number
 * at once, one wins, and a refresh that fails has spent nothing. A token that was spent before ends its family
 * (RFC 9700 §4.14.2). Refused with `grant_invalid`, `account_banned`, `login_stale` or `scope_insufficient`.
 */
export async function refreshTokens(deps: Deps, request: RefreshRequest): Promise<Outcome<GrantedTokens>> {
  const claims = await proveRefreshToken(deps, request.refreshToken)
  if (!claims) return refused('grant_invalid')
  const partition = deps.partitionOf(claims.accountId)
  const [standingRecord, stored] = await deps.store.read(partition, [STANDING, familyKey(claims.familyId)])
  const standing = standingOf(standingRecord)
  if (activeBan(standing, deps.clock())) return refused('account_banned')
  const family = stored && familyOf(stored)
  if (!family || family.generation !== standing.tokenGeneration) return refused('grant_invalid')
  if (family.clientId !== request.client.id) return refused('grant_invalid')
  if (isFromBeforeLoss(deps, partition, family.turnedAt)) return refused('grant_invalid')
  if (claims.turn !== family.turn) return refuseSpent(deps, claims, family, request)
  const stale = refuseStaleLogin(deps, standing)
  if (stale) return { ok: false, denial: stale }
  return turn(deps, request, claims, stored)
}

async function turn(
  deps: Deps,
  { client, scopes, trace }: RefreshRequest,
  { accountId, familyId }: RefreshClaims,
  stored: StoredRecord,
): Promise<Outcome<GrantedTokens>> {
  const family = familyOf(stored)
  const { accessLifetimeSeconds, refreshLifetimeSeconds, maxLifetimeSeconds } = deps.options.tokens
  const now = deps.clock()
  const expiresAt = Math.min(
    now + refreshLifetimeSeconds * 1000,
    family.createdAt + maxLifetimeSeconds * 1000,
  )
  const granted = scopes ?? family.scopes
  const issued = await issueToken(
    deps,
    {
      account: accountId,
      by: actorByExchange(deps, accountId, 'refresh_token', trace),
      scopes: granted,
      grantable: family.scopes,
      name: client.name ?? client.id,
      lifetimeSeconds: accessLifetimeSeconds,
    },
    {
      family: familyId,
      checks: [{ key: familyKey(familyId), version: stored.version }],
      writes: () => [
        {
          put: familyKey(familyId),
          value: {
            ...family,
            turn: family.turn + 1,
            turnedAt: now,
          } as unknown as JsonValue,
          sort: stored.sort,
          expiresAt,
        },
      ],
    },
  )
  if (!issued.ok) return issued
  const next = { accountId, familyId, turn: family.turn + 1 }
  const refreshToken = await signRefreshToken(deps, next, expiresAt)
  deps.refreshed.note(familyId, deps.clock())
  return done({
    accessToken: issued.value.token,
    expiresInSeconds: accessLifetimeSeconds,
    refreshToken,
    scopes: granted,
  })
}

/** Who came in while the token was being spent has lost a race; who comes with it later has found it somewhere. */
async function refuseSpent(
  deps: Deps,
  { accountId, familyId, turn: presented }: RefreshClaims,
  family: RefreshFamily,
  { arrivedAt, trace }: RefreshRequest,
): Promise<Outcome<never>> {
  const turnedAt = Math.max(family.turnedAt, deps.refreshed.doneAt(familyId) ?? 0)
  const hasRaced = presented === family.turn - 1 && arrivedAt <= turnedAt
  if (hasRaced) return refused('grant_invalid')
  await appendAudit(deps, {
    action: 'refresh.reuse',
    ...auditedAs(actorByExchange(deps, accountId, 'refresh_token', trace)),
    subject: accountId,
    details: { family_id: familyId, client_id: family.clientId },
  })
  await endFamily(deps, { account: accountId, familyId })
  return refused('grant_invalid')
}
