import { freezeDeeply } from '../encoding/freeze.js'
import { knownRecords } from './known-records.js'
import type { Clock, RecordKey, Store, StoredRecord, Watch, Write } from './store.js'

export interface NearCacheOptions {
  readonly clock: Clock
  /** Only records of these collections are kept: what every decision reads. */
  readonly collections: ReadonlySet<string>
  /** Records kept at most, of about 2 KiB each; those not asked for recently make room. */
  readonly capacity: number
}

/**
 * A store that answers from memory what it has read before, for as long as the watch of `store` vouches that nothing
 * changed. A change drops its partition; a lost watch drops everything, and reads go to the store until it vouches
 * again. A read that a change overtook is answered but not kept. Records that do not exist never displace those that do,
 * so that a stranger who makes up credentials costs reads, not memory. What is kept is frozen, since whoever read it holds it
 * too.
 */
export async function withNearCache(store: Store, options: NearCacheOptions): Promise<Store> {
  if (!store.watch) return store
  const { clock, collections, capacity } = options
  const partitions = knownRecords(capacity)
  /** What happened to a partition while reads of it are under way; as many as there are reads. */
  const reading = new Map<string, { readers: number; isOvertaken: boolean }>()
  let losses = 0

  const forget = (partition: string) => {
    partitions.forget(partition)
    const current = reading.get(partition)
    if (current) current.isOvertaken = true
    reading.delete(partition)
  }
  const watch: Watch = await store.watch({
    changed: forget,
    lost() {
      losses += 1
      partitions.clear()
    },
  })

  const recall = (
    partition: string,
    keys: readonly RecordKey[],
  ): (StoredRecord | undefined)[] | undefined => {
    const known = watch.vouching ? partitions.get(partition) : undefined
    if (!known) return undefined
    const records: (StoredRecord | undefined)[] = []
    for (const key of keys) {
      const name = nameOf(key)
      const record = known.records.get(name)
      if (record === undefined && !known.absent.has(name)) return undefined
      records.push(record?.expiresAt !== undefined && record.expiresAt <= clock() ? undefined : record)
    }
    return records
  }

  const readThrough = async (partition: string, keys: readonly RecordKey[]) => {
    const lossesBefore = losses
    const wasVouching = watch.vouching
    const current = reading.get(partition) ?? { readers: 0, isOvertaken: false }
    current.readers += 1
    reading.set(partition, current)
    try {
      const records = await store.read(partition, keys)
      if (wasVouching && watch.vouching && losses === lossesBefore && !current.isOvertaken)
        partitions.add(
          partition,
          keys.map((key, index) => [nameOf(key), freezeDeeply(records[index])]),
        )
      return records
    } finally {
      current.readers -= 1
      if (current.readers === 0 && reading.get(partition) === current) reading.delete(partition)
    }
  }

  return {
    ...store,
    async read(partition, keys) {
      if (!keys.every((key) => collections.has(key.collection))) return store.read(partition, keys)
      return recall(partition, keys) ?? readThrough(partition, keys)
    },
    async commit(partition, batch) {
      if (!batch.writes.some((write) => collections.has(keyOf(write).collection)))
        return store.commit(partition, batch)
      forget(partition)
      try {
        return await store.commit(partition, batch)
      } finally {
        // Also when it failed: it may have been applied, and only the answer was lost.
        forget(partition)
      }
    },
    async close() {
      await watch.close()
      partitions.clear()
      await store.close()
    },
  }
}

function keyOf(write: Write): RecordKey {
  if ('put' in write) return write.put
  return 'add' in write ? write.add : write.delete
}

function nameOf({ collection, id }: RecordKey): string {
  return `${collection}\u0000${id}`
}
