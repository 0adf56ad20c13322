import type { PluginContext } from '../plugin/context.js'
import { ifReadable } from '../store/readable.js'
import { type ApiKeyInfo, apiKeyInfoOf, apiKeyRecords, apiKeyUses } from './key.js'

const MOST = 1000

/** The API keys of an account that work, newest first; all of them, since an account has at most some hundred. */
export async function listApiKeys(
  context: Pick<PluginContext, 'lastUses' | 'records' | 'reportUnreadable'>,
  { account }: { account: string },
): Promise<readonly ApiKeyInfo[]> {
  const ofAccount = context.records({ account })
  const [{ standing }, { records }] = await Promise.all([
    ofAccount.readUnderStanding([]),
    ofAccount.page(apiKeyRecords.name, { limit: MOST, order: 'descending' }),
  ])
  const live = records.filter(
    (stored) => ifReadable(context, apiKeyRecords, stored)?.generation === standing.tokenGeneration,
  )
  const uses = await context.lastUses(apiKeyUses.name).of(
    account,
    live.map(({ id }) => id),
  )
  return live.map((stored, index) => apiKeyInfoOf(stored.id, apiKeyRecords.read(stored), uses[index]))
}
