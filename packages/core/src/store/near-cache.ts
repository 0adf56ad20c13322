import type { Clock, RecordKey, Store, StoredRecord, Watch, Write } from './store.js'

export interface NearCacheOptions {
  readonly clock: Clock
  /** Only records of these collections are kept: what every decision reads. */
  readonly collections: ReadonlySet<string>
  /** Partitions kept at most; the one unused for longest makes room. */
  readonly capacity: number
}

/** Records kept of one partition at most: a caller who comes with a new credential each time must not fill it. */
const KEPT_OF_ONE = 256

/** What is known of one partition; `undefined` stands for a record that is known to be absent. */
type Known = Map<string, StoredRecord | undefined>

/**
 * A store that answers from memory what it has read before, for as long as the watch of `store` vouches that nothing
 * changed. A change drops its partition; a lost watch drops everything, and reads go to the store until it vouches
 * again. A read that a change overtook is answered but not kept.
 */
export async function withNearCache(store: Store, options: NearCacheOptions): Promise<Store> {
  if (!store.watch) return store
  const { clock, collections, capacity } = options
  const partitions = new Map<string, Known>()
  /** Counts what happened to a partition while reads of it are under way. */
  const reading = new Map<string, { readers: number; isOvertaken: boolean }>()
  let losses = 0

  const forget = (partition: string) => {
    partitions.delete(partition)
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
      const record = known.get(name)
      if (record === undefined && !known.has(name)) return undefined
      records.push(record?.expiresAt !== undefined && record.expiresAt <= clock() ? undefined : record)
    }
    partitions.delete(partition)
    partitions.set(partition, known)
    return records
  }

  const keep = (
    partition: string,
    keys: readonly RecordKey[],
    records: readonly (StoredRecord | undefined)[],
  ) => {
    const known = partitions.get(partition) ?? new Map<string, StoredRecord | undefined>()
    for (const [index, key] of keys.entries()) {
      const name = nameOf(key)
      known.delete(name)
      known.set(name, records[index])
    }
    while (known.size > KEPT_OF_ONE) forgetOldest(known)
    partitions.delete(partition)
    partitions.set(partition, known)
    if (partitions.size <= capacity) return
    forgetOldest(partitions)
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
        keep(partition, keys, records)
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

function forgetOldest(entries: Map<string, unknown>): void {
  const [oldest] = entries.keys()
  if (oldest !== undefined) entries.delete(oldest)
}

function keyOf(write: Write): RecordKey {
  if ('put' in write) return write.put
  return 'add' in write ? write.add : write.delete
}

function nameOf({ collection, id }: RecordKey): string {
  return `${collection}\u0000${id}`
}
