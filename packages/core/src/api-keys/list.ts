import { lastUseOf } from '../activity/touch.js'
import type { GateContext } from '../context/context.js'
import { readStanding } from '../standing/standing.js'
import { ifReadable } from '../store/readable.js'
import { type ApiKeyInfo, apiKeyInfoOf, apiKeyRecords, apiKeyUses } from './key.js'

const MOST = 1000

/** The API keys of an account that work, newest first; all of them, since an account has at most some hundred. */
export async function listApiKeys(
  context: GateContext,
  input: { account: string },
): Promise<readonly ApiKeyInfo[]> {
  const partition = context.partitionOf(input.account)
  const [{ standing }, { records }] = await Promise.all([
    readStanding(context, partition),
    context.store.page(partition, apiKeyRecords.name, { limit: MOST, order: 'descending' }),
  ])
  const live = records.filter(
    (stored) => ifReadable(context, apiKeyRecords, stored)?.generation === standing.tokenGeneration,
  )
  const uses = await context.store.read(
    partition,
    live.map(({ id }) => apiKeyUses.key(id)),
  )
  return live.map((stored, index) =>
    apiKeyInfoOf(stored.id, apiKeyRecords.read(stored), lastUseOf(uses[index])),
  )
}
