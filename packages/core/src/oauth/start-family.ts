import { audited } from '../audit/append.js'
import { type Actor, auditedAs } from '../authorization/actor.js'
import type { Deps } from '../deps.js'
import { done, type Outcome } from '../outcome.js'
import type { JsonValue } from '../store/store.js'
import { issueToken } from '../tokens/issue.js'
import type { OAuthClient } from './clients.js'
import type { GrantedTokens } from './granted.js'
import { familyKey, type RefreshFamily, signRefreshToken } from './refresh-token.js'

/**
 * Gives a client its first access token and refresh token for an account. Both exist, or neither. Refused with
 * `account_banned`, `scope_unknown` or `scope_insufficient`.
 */
export async function startFamily(
  deps: Deps,
  input: {
    account: string
    by: Actor
    client: OAuthClient
    scopes: readonly string[]
    grantable: readonly string[]
  },
): Promise<Outcome<GrantedTokens>> {
  const { account, by, client, scopes, grantable } = input
  const { accessLifetimeSeconds, refreshLifetimeSeconds } = deps.options.tokens
  const familyId = deps.randomId(16)
  const now = deps.clock()
  const expiresAt = now + refreshLifetimeSeconds * 1000
  const recorded = {
    action: 'refresh.start',
    ...auditedAs(by),
    subject: account,
    details: { family_id: familyId, client_id: client.id, scope: scopes.join(' ') },
  } as const
  const issued = await audited(deps, recorded, () =>
    issueToken(
      deps,
      {
        account,
        by,
        scopes,
        grantable,
        name: client.name ?? client.id,
        lifetimeSeconds: accessLifetimeSeconds,
      },
      {
        family: familyId,
        writes: ({ tokenGeneration }) => {
          const family: RefreshFamily = {
            clientId: client.id,
            scopes,
            createdAt: now,
            generation: tokenGeneration,
            turn: 0,
            turnedAt: now,
          }
          return [{ put: familyKey(familyId), value: family as unknown as JsonValue, sort: now, expiresAt }]
        },
      },
    ),
  )
  if (!issued.ok) return issued
  const refreshToken = await signRefreshToken(deps, { accountId: account, familyId, turn: 0 }, expiresAt)
  return done({
    accessToken: issued.value.token,
    expiresInSeconds: accessLifetimeSeconds,
    refreshToken,
    scopes,
  })
}
