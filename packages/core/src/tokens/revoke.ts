import { enter } from '../account-index/account-index.js'
import { audited } from '../audit/append.js'
import { type Actor, auditedAs, refuseOver } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { liveRecords } from '../standing/live-counts.js'
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
  context: GateContext,
  input: { account: string; id: string; by: Actor },
): Promise<Outcome<RevokedToken>> {
  const { account, id, by } = input
  const forbidden = refuseOver(context, by, account)
  if (forbidden) return { ok: false, denial: forbidden }
  const key = tokenRecords.key(id)
  const partition = context.partitionOf(account)
  const [found] = await context.store.read(partition, [key])
  if (!found) return refused('token_not_found')
  const record = tokenRecords.read(found)
  if (record.revokedAt !== undefined) return done({ record })
  const recorded = {
    action: 'token.revoke',
    ...auditedAs(by),
    subject: account,
    details: { token_id: id },
  } as const
  return audited(context, recorded, () => markRevoked(context, account, id, { confirm: true }))
}

/** Marks the record; what is already marked stays as it is. */
export async function markRevoked(
  context: GateContext,
  account: string,
  id: string,
  { confirm }: { confirm: boolean },
): Promise<Outcome<RevokedToken>> {
  const key = tokenRecords.key(id)
  const partition = context.partitionOf(account)
  return optimistically(context, 'A token changed too often to be revoked', async () => {
    const [stored] = await context.store.read(partition, [key])
    if (!stored) return refused('token_not_found')
    const record = tokenRecords.read(stored)
    if (record.revokedAt !== undefined) return done({ record })
    const revoked = { ...record, revokedAt: context.clock() }
    const deadline = recordDeadline(context, record)
    await enter(
      context,
      [{ index: 'revoked-tokens', id, account, sort: record.expiresAt, expiresAt: deadline }],
      { essential: true },
    )
    const result = await context.store.commit(partition, {
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
