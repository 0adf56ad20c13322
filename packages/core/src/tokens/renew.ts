import { actorOf, type RequestTrace } from '../authorization/actor.js'
import type { Identity } from '../decision.js'
import type { Deps } from '../deps.js'
import { type Outcome, refused } from '../outcome.js'
import type { Millis } from '../store/store.js'
import { type IssuedToken, issueToken } from './issue.js'
import { tokenRecordKey, tokenRecordOf } from './token.js'

/** Where a token in the last fifth of its life is exchanged. */
export const RENEWAL_PATH = '/api/token/renew'

/** Whether a token is in the last fifth of its life, where renewal is offered. */
export function mayRenew(
  deps: Deps,
  { issuedAt, expiresAt }: { issuedAt: Millis; expiresAt: Millis },
): boolean {
  const last = expiresAt - (expiresAt - issuedAt) / 5
  return deps.options.tokenRenewal === 'offer' && deps.clock() >= last
}

/**
 * Issues a successor of the token that is presented: the same name, scopes and lifetime. The old one goes on until it
 * expires. Refused with `renewal_refused` before the last fifth of its life, or where renewal is not offered.
 */
export async function renewToken(
  deps: Deps,
  identity: Identity,
  trace: RequestTrace = {},
): Promise<Outcome<IssuedToken>> {
  const { accountId, partition, credential } = identity
  if (credential.kind !== 'token' || !mayRenew(deps, credential)) return refused('renewal_refused')
  const [stored] = await deps.store.read(partition, [tokenRecordKey(credential.id)])
  if (!stored) return refused('token_invalid')
  const { name, scopes } = tokenRecordOf(stored)
  const lifetimeSeconds = Math.round((credential.expiresAt - credential.issuedAt) / 1000)
  return issueToken(deps, {
    account: accountId,
    by: actorOf(identity, trace),
    name,
    scopes,
    grantable: scopes,
    lifetimeSeconds,
  })
}
