import { appendAudit } from '../audit/append.js'
import { type Actor, actorByExchange, auditedAs, type RequestTrace } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { sha256 } from '../crypto/hash.js'
import { type Outcome, refused } from '../errors/outcome.js'
import { collection, instant, text, texts } from '../store/collection.js'
import type { Millis } from '../store/store.js'
import { type Approval, isApproval } from './approval.js'
import type { OAuthClient } from './clients.js'
import type { GrantedTokens } from './granted.js'
import { redeemApproval } from './redeem-approval.js'
import { endFamily } from './revoke-family.js'

/** Codes are in one partition: they live a minute. */
const CODES = 'authorization-codes'
const LIFETIME_MS = 60_000
/** So long afterwards a code is known, so that a second use ends what the first has bought. */
const REMEMBERED_MS = 600_000

/** What somebody has consented to. */
export interface Authorization {
  readonly clientId: string
  readonly redirectUri: string
  /** RFC 7636 §4.2, S256. */
  readonly codeChallenge: string
  readonly scopes: readonly string[]
  readonly approval: Approval
}

interface CodeRecord extends Authorization {
  readonly endsAt: Millis
}

/** By the hash of the code. */
export const authorizationCodes = collection<CodeRecord>(
  'codes',
  {
    clientId: text,
    redirectUri: text,
    codeChallenge: text,
    scopes: texts,
    approval: isApproval,
    endsAt: instant,
  },
  'authorization code',
)

/** A code for the client to redeem within a minute (RFC 6749 §4.1.2). */
export async function issueCode(context: GateContext, authorization: Authorization): Promise<string> {
  const code = context.randomId(32)
  const endsAt = context.clock() + LIFETIME_MS
  await context.store.commit(CODES, {
    quiet: true,
    writes: [
      authorizationCodes.put(
        sha256(code),
        { ...authorization, endsAt },
        { expiresAt: endsAt + REMEMBERED_MS },
      ),
    ],
  })
  return code
}

/**
 * Redeems a code for whoever asked for it and knows the verifier (RFC 6749 §4.1.3, RFC 7636 §4.6).
 *
 * RFC 6749 §4.1.2 lets a code be used once. Here its client may repeat the same request within
 * `RETRY_WINDOW_SECONDS`, and gets the same tokens: an answer that was lost would cost the person another login. Whoever
 * does so knows the verifier, which never left the client. Any later use of the code ends the family that it bought.
 *
 * Refused with `grant_invalid`, `account_banned`, `login_stale` or `scope_insufficient`.
 */
export async function redeemCode(
  context: GateContext,
  input: {
    code: string
    redirectUri: string | undefined
    codeVerifier: string
    client: OAuthClient
    trace?: RequestTrace
  },
): Promise<Outcome<GrantedTokens>> {
  const { client } = input
  const codeHash = sha256(input.code)
  const [stored] = await context.store.read(CODES, [authorizationCodes.key(codeHash)])
  if (!stored) return refused('grant_invalid')
  const code = authorizationCodes.read(stored)
  const isTheirs =
    code.clientId === client.id &&
    code.redirectUri === input.redirectUri &&
    code.codeChallenge === sha256(input.codeVerifier)
  if (!isTheirs) return refused('grant_invalid')
  const { approval, scopes, endsAt } = code
  const by = actorByExchange(context, approval.account, 'authorization_code', input.trace)
  const redeemed = await redeemApproval(context, {
    approval,
    by,
    codeHash,
    client,
    scopes,
    forgottenAt: stored.expiresAt ?? endsAt,
    isOver: endsAt <= context.clock(),
  })
  if (!('reusedFamily' in redeemed)) return redeemed
  return endReused(context, { by, familyId: redeemed.reusedFamily, client })
}

/** RFC 6749 §4.1.2: the tokens of a code that is used again should be revoked. */
async function endReused(
  context: GateContext,
  { by, familyId, client }: { by: Actor; familyId: string; client: OAuthClient },
): Promise<Outcome<never>> {
  await appendAudit(context, {
    action: 'authorization_code.reuse',
    ...auditedAs(by),
    subject: by.account,
    details: { family_id: familyId, client_id: client.id },
  })
  await endFamily(context, { account: by.account, familyId })
  return refused('grant_invalid')
}
