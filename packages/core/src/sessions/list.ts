import type { Listed, ListQuery } from '../account-index/account-index.js'
import type { Deps } from '../context/context.js'
import { readStanding } from '../standing/standing.js'
import { ifReadable } from '../store/readable.js'
import type { StoredRecord } from '../store/store.js'
import { openSession, type Session, sessionRecords } from './session.js'

/** The live sessions of one account, newest first. */
export async function listSessions(
  deps: Deps,
  input: ListQuery & { account: string },
): Promise<Listed<Session>> {
  const partition = deps.partitionOf(input.account)
  const { standing } = await readStanding(deps, partition)
  const { limit, cursor } = input
  const page = await deps.store.page(partition, sessionRecords.name, {
    limit,
    order: 'descending',
    ...(cursor === undefined ? {} : { cursor }),
  })
  const read = (stored: StoredRecord) => openSession(deps, { partition, id: stored.id }, stored)
  const items = page.records
    .map((stored) => ifReadable(deps, { name: sessionRecords.name, read }, stored))
    .filter((session) => session !== undefined)
    .filter((session) => session.generation === standing.sessionGeneration)
  return { items, ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) }
}
