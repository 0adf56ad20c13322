import type { GateContext } from '../context/context.js'
import { type BoundedMap, boundedMap } from '../encoding/bounded-map.js'
import { type Collection, collection, instant } from '../store/collection.js'
import type { Millis, StoredRecord } from '../store/store.js'

const WRITE_EVERY_MS = 60_000
const REMEMBERED = 50_000

/** When each credential of a kind was last used, by its id. */
export type LastUses = Collection<Millis>

export const tokenUses: LastUses = collection('token-use', instant)

export function lastUseOf(record: StoredRecord | undefined): Millis | undefined {
  const at = record?.value
  return instant(at) ? at : undefined
}

/** Remembers when this process last wrote the use of a credential, so that a busy one costs one write a minute. */
export type RecentUses = BoundedMap<string, Millis>

export function recentUses(): RecentUses {
  return boundedMap(REMEMBERED)
}

/**
 * Notes that a credential was used. At most once a minute each, never awaited by a decision, and lost without harm:
 * nothing is decided by it.
 */
export function touch(
  context: Pick<GateContext, 'clock' | 'report' | 'store'>,
  recent: RecentUses,
  use: { uses: LastUses; partition: string; id: string; expiresAt: Millis },
): void {
  const now = context.clock()
  if (now - (recent.get(use.id) ?? 0) < WRITE_EVERY_MS) return
  recent.set(use.id, now)
  context.store
    .commit(use.partition, {
      quiet: true,
      writes: [use.uses.put(use.id, now, { expiresAt: use.expiresAt })],
    })
    .catch((cause: unknown) =>
      context.report({ level: 'warn', code: 'activity_unrecorded', detail: 'A use was not recorded', cause }),
    )
}
