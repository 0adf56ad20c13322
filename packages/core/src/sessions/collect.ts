import type { Deps } from '../deps.js'
import { leave } from '../directory/directory.js'
import { walk } from '../directory/walk.js'
import { ifReadable } from '../store/readable.js'
import { handleOf, SESSIONS, sessionRecordKey, sessionRecordOf } from './session.js'

/**
 * Removes the records of sessions that a newer generation has already ended, and says how many there were.
 * Housekeeping: they were dead before.
 */
export async function collectEndedSessions(
  deps: Deps,
  partition: string,
  generation: number,
): Promise<number> {
  let count = 0
  for await (const stored of walk(deps, partition, SESSIONS)) {
    const record = ifReadable(deps, SESSIONS, stored, sessionRecordOf)
    if (!record || record.generation >= generation) continue
    await deps.store.commit(partition, {
      quiet: true,
      essential: true,
      checks: [{ key: sessionRecordKey(stored.id), version: stored.version }],
      writes: [{ delete: sessionRecordKey(stored.id) }],
    })
    await leave(deps, [{ directory: 'sessions', id: handleOf({ partition, id: stored.id }) }])
    count += 1
  }
  return count
}
