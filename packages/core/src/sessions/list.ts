import type { Listed, ListQuery } from '../account-index/account-index.js'
import type { Deps } from '../context/context.js'
import { readStanding } from '../standing/standing.js'
import { ifReadable } from '../store/readable.js'
import { openSession, SESSIONS, type Session } from './session.js'

/** The live sessions of one account, newest first. */
export async function listSessions(
  deps: Deps,
  input: ListQuery & { account: string },
): Promise<Listed<Session>> {
  const partition = deps.partitionOf(input.account)
  const { standing } = await readStanding(deps, partition)
  const { limit, cursor } = input
  const page = await deps.store.page(partition, SESSIONS, {
    limit,
    order: 'descending',
    ...(cursor === undefined ? {} : { cursor }),
  })
  const items = page.records
    .map((stored) =>
      ifReadable(deps, SESSIONS, stored, () => openSession(deps, { partition, id: stored.id }, stored)),
    )
    .filter((session) => session !== undefined)
    .filter((session) => session.generation === standing.sessionGeneration)
  return { items, ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) }
}
