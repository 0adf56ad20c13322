import { enter } from '../account-index/account-index.js'
import { audited } from '../audit/append.js'
import { type Actor, auditedAs, refuseOver } from '../authorization/actor.js'
import type { Deps } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { liveRecords } from '../standing/live.js'
import { optimistically, RACED, type Replicated, replicationOf } from '../store/update.js'
import { recordDeadline, type TokenRecord, tokenRecords } from './token.js'

export interface RevokedToken extends Replicated {
  readonly record: TokenRecord
}

/**
 * Revokes one token of an account, for good. Once this resolves, no request with it is allowed again. Revoking twice
 * is fine. Refused with `token_not_found` when the account has no such token, and over another account with
 * `role_insufficient` or `super_admin_protected`.
 */
export async function revokeToken(
  deps: Deps,
  input: { account: string; id: string; by: Actor },
): Promise<Outcome<RevokedToken>> {
  const { account, id, by } = input
  const forbidden = refuseOver(deps, by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  const key = tokenRecords.key(id)
  const partition = deps.partitionOf(account)
  const [found] = await deps.store.read(partition, [key])
  if (!found) return refused('token_not_found')
  const record = tokenRecords.read(found)
  if (record.revokedAt !== undefined) return done({ record })
  const recorded = {
    action: 'token.revoke',
    ...auditedAs(by),
    subject: account,
    details: { token_id: id },
  } as const
  return audited(deps, recorded, () => markRevoked(deps, account, id, { confirm: true }))
}

/** Marks the record; what is already marked stays as it is. */
export async function markRevoked(
  deps: Deps,
  account: string,
  id: string,
  { confirm }: { confirm: boolean },
): Promise<Outcome<RevokedToken>> {
  const key = tokenRecords.key(id)
  const partition = deps.partitionOf(account)
  return optimistically(deps, 'A token changed too often to be revoked', async () => {
    const [stored] = await deps.store.read(partition, [key])
    if (!stored) return refused('token_not_found')
    const record = tokenRecords.read(stored)
    if (record.revokedAt !== undefined) return done({ record })
    const revoked = { ...record, revokedAt: deps.clock() }
    const deadline = recordDeadline(deps, record)
    await enter(
      deps,
      [{ directory: 'revoked-tokens', id, account, sort: record.expiresAt, expiresAt: deadline }],
      { essential: true },
    )
    const result = await deps.store.commit(partition, {
      confirm,
      essential: true,
      checks: [{ key, version: stored.version }],
      writes: [
        tokenRecords.put(id, revoked, { sort: stored.sort, expiresAt: deadline }),
        liveRecords('tokens', record.generation).delete(id),
      ],
    })
    return result.committed ? done({ record: revoked, ...replicationOf(result) }) : RACED
  })
}
