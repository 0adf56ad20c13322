import type { Listed, ListQuery } from '../account-index/account-index.js'
import type { GateContext } from '../context/context.js'
import { readStanding } from '../standing/standing.js'
import { ifReadable } from '../store/readable.js'
import type { StoredRecord } from '../store/store.js'
import { openSession, type Session, sessionRecords } from './session.js'

/** The live sessions of one account, newest first. */
export async function listSessions(
  context: GateContext,
  input: ListQuery & { account: string },
): Promise<Listed<Session>> {
  const partition = context.partitionOf(input.account)
  const { standing } = await readStanding(context, partition)
  const { limit, cursor } = input
  const page = await context.store.page(partition, sessionRecords.name, {
    limit,
    order: 'descending',
    ...(cursor === undefined ? {} : { cursor }),
  })
  const read = (stored: StoredRecord) => openSession(context, { partition, id: stored.id }, stored)
  const items = page.records
    .map((stored) => ifReadable(context, { name: sessionRecords.name, read }, stored))
    .filter((session) => session !== undefined)
    .filter((session) => session.generation === standing.sessionGeneration)
  return { items, ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) }
}
