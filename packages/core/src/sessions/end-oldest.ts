import { leave } from '../account-index/account-index.js'
import { appendAudit } from '../audit/append.js'
import { type Actor, auditedAs } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { countLive, liveRecords } from '../standing/live-counts.js'
import type { Standing } from '../standing/standing.js'
import { handleOf } from './session.js'

/** More than that are only too many after the option was lowered; later logins end the rest. */
const ENDED_AT_ONCE = 100

/**
 * The ids of an account's oldest sessions, as many as have to end for one more: none unless it has all that it may have.
 * To be ended in a commit under the standing, which every login changes, so that the count holds.
 */
export async function findOldestBeyondCap(
  context: GateContext,
  partition: string,
  { sessionGeneration: generation }: Standing,
): Promise<readonly string[]> {
  const live = await countLive(context, partition, 'sessions', generation)
  const excess = live + 1 - context.options.maxCredentialsPerAccount
  if (excess <= 0) return []
  const { name } = liveRecords('sessions', generation)
  const { records } = await context.store.page(partition, name, { limit: Math.min(excess, ENDED_AT_ONCE) })
  return records.map(({ id }) => id)
}

/** Takes sessions that a login has ended off the directory and records their end. Never rejects. */
export async function recordEndedByLogin(
  context: GateContext,
  { account, by, ids }: { account: string; by: Actor; ids: readonly string[] },
): Promise<void> {
  if (ids.length === 0) return
  const partition = context.partitionOf(account)
  const details = { sessions: ids.length, reason: 'max_credentials_per_account' }
  try {
    await appendAudit(context, { action: 'session.end', ...auditedAs(by), subject: account, details })
    await leave(
      context,
      ids.map((id) => ({ index: 'sessions', id: handleOf({ partition, id }) })),
    )
  } catch (cause) {
    const detail = 'That a login has ended the oldest sessions of its account was not recorded'
    context.report({ level: 'error', code: 'audit_failed', detail, cause })
  }
}
