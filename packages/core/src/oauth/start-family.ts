import { audited } from '../audit/append.js'
import { refuseGrant } from '../authentication/judge.js'
import { type Actor, auditedAs } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import type { Put } from '../store/store.js'
import { issueToken } from '../tokens/issue.js'
import { type Approval, issuedByApproval } from './approval.js'
import type { OAuthClient } from './clients.js'
import { type GrantedTokens, lastGranted } from './granted.js'
import { families, type RefreshFamily } from './refresh-token.js'

export interface FamilyToStart {
  readonly familyId: string
  readonly approval: Approval
  readonly by: Actor
  readonly client: OAuthClient
  readonly scopes: readonly string[]
  readonly grantable: readonly string[]
  /** What says, in the partition of the account, that the approval was spent, and how long it does. */
  readonly spends: Put
}

/**
 * Gives a client its first access token and refresh token for an account, in one commit under the account's standing:
 * until then the approval ends with all that ends it. Refused with `account_banned`, `grant_invalid` (also when the
 * approval was spent), `login_stale`, `scope_unknown` or `scope_insufficient`.
 */
export async function startFamily(
  context: GateContext,
  input: FamilyToStart,
): Promise<Outcome<GrantedTokens>> {
  const { familyId, approval, by, client, scopes, grantable, spends } = input
  const { account } = approval
  const { accessLifetimeSeconds, refreshLifetimeSeconds } = context.options.tokens
  const now = context.clock()
  const expiresAt = now + refreshLifetimeSeconds * 1000
  const recorded = {
    action: 'refresh.start',
    ...auditedAs(by),
    subject: account,
    details: { family_id: familyId, client_id: client.id, scope: scopes.join(' ') },
  } as const
  const first = { clientId: client.id, turn: 0, turnedAt: now }
  const issued = await audited(context, recorded, () =>
    issueToken(
      context,
      {
        account,
        by,
        scopes,
        grantable,
        name: client.name ?? client.id,
        lifetimeSeconds: accessLifetimeSeconds,
      },
      {
        id: context.deriveId('access', `${familyId} 0`),
        family: familyId,
        clientId: client.id,
        refuse: (standing) => refuseGrant(context, standing, issuedByApproval(context, approval)),
        checks: [{ key: spends.put, version: null }],
        writes: ({ tokenGeneration: generation }, access) => {
          const family: RefreshFamily = {
            ...first,
            scopes,
            createdAt: now,
            generation,
            access,
          }
          return [families.put(familyId, family, { sort: now, expiresAt }), spends]
        },
      },
    ),
  )
  if (!issued.ok) return issued
  const family = { ...first, access: issued.value.info }
  return done(await lastGranted(context, { accountId: account, familyId, family, expiresAt }))
}
