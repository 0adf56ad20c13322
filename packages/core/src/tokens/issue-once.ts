import { type Acted, refuseOver } from '../authorization/actor.js'
import { chooseScopes } from '../authorization/scopes.js'
import type { Deps } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { onceFor, refuseAgain } from '../idempotency/once.js'
import { STANDING, standingOf } from '../standing/standing.js'
import { hasShape, text } from '../store/collection.js'
import type { RecordKey } from '../store/store.js'
import { issuedAsToken } from './credential-kind.js'
import { type IssuedToken, issueToken, type TokenToIssue } from './issue.js'
import { tokenRecords } from './token.js'

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
  deps: Deps,
  { idempotencyKey, ...input }: Acted<TokenToIssueOnce>,
): Promise<Outcome<IssuedToken>> {
  if (idempotencyKey === undefined) return issueToken(deps, input)
  const { account, by, name = null, lifetimeSeconds = null, scopes = null } = input
  const forbidden = refuseOver(deps, by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  const wish = [name, lifetimeSeconds, scopes]
  const once = onceFor(deps, { account, by, idempotencyKey, action: 'token.issue', wish })
  const again = async () => {
    const found = await once.find()
    if (!found?.ok) return found
    return isKept(found.value)
      ? answerAgain(deps, input, once.key, found.value)
      : refused('idempotent_result_gone')
  }
  return (
    (await again()) ??
    issueToken(deps, input, {
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
  deps: Deps,
  { account, grantable }: Acted<TokenToIssue>,
  key: RecordKey,
  { id, token }: Kept,
): Promise<Outcome<IssuedToken>> {
  const partition = deps.partitionOf(account)
  // With a key that the near cache does not keep, it is read past that.
  const [standingRecord, stored] = await deps.store.read(partition, [STANDING, tokenRecords.key(id), key])
  const standing = standingOf(standingRecord)
  if (!stored) return refused('idempotent_result_gone')
  const record = tokenRecords.read(stored)
  const { name, scopes, createdAt, expiresAt } = record
  const issued = issuedAsToken(partition, record)
  const isEnded = issued.isEnded || expiresAt <= deps.clock()
  const refusal = refuseAgain(deps, standing, { ...issued, isEnded })
  if (refusal) return { ok: false, denial: refusal }
  const granted = chooseScopes(deps, { scopes, ...(grantable && { grantable }) })
  if (!granted.ok) return granted
  return done({ token, info: { id, scopes, createdAt, expiresAt, account, name, status: 'active' } })
}
