import type { Actor } from '../authorization/actor.js'
import type { Deps } from '../deps.js'
import { PortcullisError } from '../errors.js'
import { type Outcome, refused } from '../outcome.js'
import { readStanding } from '../standing/standing.js'
import { type CreatedApiKey, storeApiKey } from './create.js'
import { apiKeyRecordKey, apiKeyRecordOf } from './key.js'

const DEFAULT_OVERLAP_SECONDS = 3600
export const MAX_OVERLAP_SECONDS = 30 * 86_400

/**
 * Replaces an API key by a new one with the same name, scopes and end. The old one goes on working for
 * `overlapSeconds` (0 to 2592000, default 3600), never longer than it would have, so that programs can be changed
 * without a gap. Refused with `key_not_found`, `account_banned`, or `scope_insufficient` for a key with scopes beyond
 * `grantable`.
 */
export async function rotateApiKey(
  deps: Deps,
  input: { account: string; id: string; by: Actor; overlapSeconds?: number; grantable?: readonly string[] },
): Promise<Outcome<CreatedApiKey>> {
  const { account, id, by, overlapSeconds = DEFAULT_OVERLAP_SECONDS } = input
  const partition = deps.partitionOf(account)
  const key = apiKeyRecordKey(id)
  const [stored] = await deps.store.read(partition, [key])
  const { standing } = await readStanding(deps, partition)
  const record = stored && apiKeyRecordOf(stored)
  if (!record || record.generation !== standing.tokenGeneration) return refused('key_not_found')
  const { name, scopes, expiresAt } = record
  const beyond = scopes.find((scope) => input.grantable && !input.grantable.includes(scope))
  if (beyond) return refused('scope_insufficient', { scope: beyond })
  const now = deps.clock()
  const facts = { account, name, scopes, createdAt: now, ...(expiresAt === undefined ? {} : { expiresAt }) }
  const created = await storeApiKey(deps, facts, by)
  if (!created.ok) return created
  const ending = Math.min(now + overlapSeconds * 1000, expiresAt ?? Number.POSITIVE_INFINITY)
  const ended = await deps.store.commit(partition, {
    confirm: true,
    checks: [{ key, version: stored.version }],
    writes: [{ put: key, value: { ...record, expiresAt: ending }, sort: stored.sort, expiresAt: ending }],
  })
  if (ended.committed) return created
  // Revoked or rotated by somebody else meanwhile: nobody may get a second successor.
  await deps.store.commit(partition, { writes: [{ delete: apiKeyRecordKey(created.value.info.id) }] })
  const [remaining] = await deps.store.read(partition, [key])
  if (!remaining) return refused('key_not_found')
  throw new PortcullisError('store_unavailable', 'The key was rotated by two at once')
}
