import { type Acted, refuseOver } from '../authorization/actor.js'
import { chooseScopes } from '../authorization/scopes.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { onceFor, refuseAgain } from '../idempotency/once.js'
import { STANDING, standingOf } from '../standing/standing.js'
import { hasShape, text } from '../store/collection.js'
import type { RecordKey } from '../store/store.js'
import { type IssuedToken, issueToken, type TokenToIssue } from './issue.js'
import { tokenRecords } from './token.js'
import { issuedAsToken } from './token-kind.js'

/** A token that may be asked for again. */
export interface TokenToIssueOnce extends TokenToIssue {
  /**
   * 1 to 255 printable ASCII characters, new for each token that is wanted. For 24 hours the same `by` with the same key
   * and the same wish gets the same token.
   */
  readonly idempotencyKey?: string
}

/**
 * As `issueToken`. With an `idempotencyKey`, one commit makes the token and keeps it, sealed, for whoever asks again, so
 * that of any number at once there is one. Refused also with `idempotency_key_reused`, and with `rate_limited` beyond a
 * thousand keys of an account in a day. A token that has ended since is not answered again: `idempotent_result_gone`.
 */
export async function issueTokenOnce(
  context: GateContext,
  { idempotencyKey, ...input }: Acted<TokenToIssueOnce>,
): Promise<Outcome<IssuedToken>> {
  if (idempotencyKey === undefined) return issueToken(context, input)
  const { account, by, name = null, lifetimeSeconds = null, scopes = null } = input
  const forbidden = refuseOver(context, by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  const wish = [name, lifetimeSeconds, scopes]
  const once = onceFor(context, { account, by, idempotencyKey, action: 'token.issue', wish })
  const again = async () => {
    const found = await once.find()
    if (!found?.ok) return found
    return isKept(found.value)
      ? answerAgain(context, input, once.key, found.value)
      : refused('idempotent_result_gone')
  }
  return (
    (await again()) ??
    issueToken(context, input, {
      id: once.createdId,
      refuse: () => undefined,
      checks: [once.check],
      writes: (_standing, { id }, token) => once.writes({ id, token }),
      beyond: once.beyond,
      raced: again,
    })
  )
}

interface Kept {
  readonly id: string
  readonly token: string
}

const isKept = hasShape<Kept>({ id: text, token: text })

async function answerAgain(
  context: GateContext,
  { account, grantable }: Acted<TokenToIssue>,
  key: RecordKey,
  { id, token }: Kept,
): Promise<Outcome<IssuedToken>> {
  const partition = context.partitionOf(account)
  // With a key that the near cache does not keep, it is read past that.
  const [standingRecord, stored] = await context.store.read(partition, [STANDING, tokenRecords.key(id), key])
  const standing = standingOf(standingRecord)
  if (!stored) return refused('idempotent_result_gone')
  const record = tokenRecords.read(stored)
  const { name, scopes, createdAt, expiresAt } = record
  const issued = issuedAsToken(partition, record)
  const isEnded = issued.isEnded || expiresAt <= context.clock()
  const refusal = refuseAgain(context, standing, { ...issued, isEnded })
  if (refusal) return { ok: false, denial: refusal }
  const granted = chooseScopes(context, { scopes, ...(grantable && { grantable }) })
  if (!granted.ok) return granted
  return done({ token, info: { id, scopes, createdAt, expiresAt, account, name, status: 'active' } })
}
