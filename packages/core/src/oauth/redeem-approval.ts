import { refuseGrant } from '../authentication/judge.js'
import type { Actor } from '../authorization/actor.js'
import { scopesOf } from '../authorization/scopes.js'
import type { GateContext } from '../context/context.js'
import { RETRY_WINDOW_SECONDS } from '../context/limits.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { STANDING, standingOf } from '../standing/standing.js'
import { collection, instant } from '../store/collection.js'
import type { Millis, RecordKey } from '../store/store.js'
import { type Approval, issuedByApproval } from './approval.js'
import { type OAuthClient, scopesForClient } from './clients.js'
import { type GrantedTokens, lastGranted } from './granted.js'
import { families, issuedAsFamily } from './refresh-token.js'
import { startFamily } from './start-family.js'

/** When a code was spent, by its hash, in the partition of whoever it was for. */
export const spentCodes = collection<Millis>('spent-codes', instant, 'spent code')

/** Clocks of machines differ, and what was spent must be known as such for as long as it is known at all. */
const OUTLIVES_MS = 3_600_000

export interface ApprovalToRedeem {
  readonly approval: Approval
  readonly by: Actor
  /** The hash of the code that stands for the approval. */
  readonly codeHash: string
  readonly client: OAuthClient
  readonly scopes: readonly string[]
  /** When the code is forgotten. */
  readonly forgottenAt: Millis
  /** The code may only get again what it has got. */
  readonly isOver: boolean
}

/** The approval was spent, and what came of it is in use or has been for longer than a client tries again. */
export interface Reused {
  readonly reusedFamily: string
}

/**
 * Gives a client tokens for an approval. That it was spent and what it bought is one commit, by ids that follow from the
 * code: whatever fails before has spent nothing, and a repeat within `RETRY_WINDOW_SECONDS` gets the same tokens, as
 * long as they have not been refreshed. Refused with `grant_invalid`, `account_banned`, `login_stale` or
 * `scope_insufficient`.
 */
export async function redeemApproval(
  context: GateContext,
  input: ApprovalToRedeem,
): Promise<Outcome<GrantedTokens> | Reused> {
  const { approval, by, codeHash, client, scopes, forgottenAt, isOver } = input
  const familyId = context.deriveId('family', codeHash)
  const key = spentCodes.key(codeHash)
  const before = await repeat(context, approval, { key, familyId })
  if (before) return before
  if (isOver) return refused('grant_invalid')
  const started = await startFamily(context, {
    familyId,
    approval,
    by,
    client,
    scopes,
    grantable: scopesForClient(client, scopesOf(context, context.roleOf(approval.account))),
    spends: spentCodes.put(codeHash, context.clock(), { expiresAt: forgottenAt + OUTLIVES_MS }),
  })
  if (started.ok || started.denial.code !== 'grant_invalid') return started
  // Another request with the same code may have been faster.
  return (await repeat(context, approval, { key, familyId })) ?? started
}

/** What was bought before; undefined when nothing was. */
async function repeat(
  context: GateContext,
  approval: Approval,
  { key, familyId }: { key: RecordKey; familyId: string },
): Promise<Outcome<GrantedTokens> | Reused | undefined> {
  const { account } = approval
  const partition = context.partitionOf(account)
  const [standing, spent, stored] = await context.store.read(partition, [
    STANDING,
    key,
    families.key(familyId),
  ])
  if (!spent) return undefined
  const family = stored && families.read(stored)
  if (!family || family.endedAt !== undefined) return refused('grant_invalid')
  const isTimely = context.clock() < spentCodes.read(spent) + RETRY_WINDOW_SECONDS * 1000
  if (!isTimely || family.turn > 0) return { reusedFamily: familyId }
  const refusal =
    refuseGrant(context, standingOf(standing), issuedByApproval(context, approval)) ??
    refuseGrant(context, standingOf(standing), issuedAsFamily(partition, family))
  if (refusal) return { ok: false, denial: refusal }
  const expiresAt = stored.expiresAt ?? family.turnedAt
  return done(await lastGranted(context, { accountId: account, familyId, family, expiresAt }))
}
