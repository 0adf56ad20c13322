import { freezeDeeply } from './collection.js'
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
    if (!known.asked || !areSame(known.asked.keys, keys)) known.asked = lookUp(known, keys)
    const { asked } = known
    if (!asked) return undefined
    const now = clock()
    const records: (StoredRecord | undefined)[] = []
    for (const record of asked.records)
      records.push(record?.expiresAt !== undefined && record.expiresAt <= now ? undefined : record)
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
      for (const key of keys) if (!collections.has(key.collection)) return store.read(partition, keys)
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

/** What is known of all these keys; undefined where one of them has to be read. */
function lookUp(
  { records, absent }: Pick<Known, 'records' | 'absent'>,
  keys: readonly RecordKey[],
): Known['asked'] {
  const names = keys.map(nameOf)
  if (names.some((name) => !records.has(name) && !absent.has(name))) return undefined
  const kept = keys.map(({ collection, id }) => ({ collection, id: copyOf(id) }))
  return { keys: kept, records: names.map((name) => records.get(name)) }
}

function areSame(some: readonly RecordKey[], others: readonly RecordKey[]): boolean {
  if (some.length !== others.length) return false
  for (let at = 0; at < some.length; at += 1) {
    if (some[at]?.id !== others[at]?.id || some[at]?.collection !== others[at]?.collection) return false
  }
  return true
}

function nameOf({ collection, id }: RecordKey): string {
  return `${collection}\u0000${id}`
}

/** What is known of one partition, between its neighbours in the order of use. */
interface Known {
  readonly partition: string
  readonly records: Map<string, StoredRecord>
  /** Names of records that do not exist. */
  readonly absent: Set<string>
  bytes: number
  /** What was asked last and is known: a busy client asks the same again, and names need not be made for that. */
  asked?:
    | {
        readonly keys: readonly RecordKey[]
        readonly records: readonly (StoredRecord | undefined)[]
      }
    | undefined
  older: Known | undefined
  newer: Known | undefined
}

export interface KnownRecords {
  get(partition: string): Pick<Known, 'records' | 'absent' | 'asked'> | undefined
  /** Takes in what was read of a partition, by name; undefined for a record that does not exist. */
  add(partition: string, answers: Iterable<readonly [name: string, record: StoredRecord | undefined]>): void
  forget(partition: string): void
  clear(): void
}

/** Of one partition at most: who has an account must not fill the memory with what is theirs, or with what is not there. */
const RECORDS_OF_ONE = 256
const ABSENT_OF_ONE = 64
/** What a record may take on average, beyond which fewer are kept. */
const BYTES_PER_RECORD = 2048

/**
 * Records by partition, at most `capacity` of them and `capacity` × 2 KiB; the partition not asked for longest makes room.
 * What does not exist makes no room for itself: it is kept beside the records of a partition, `capacity` names in all,
 * and for partitions of which no record is known apart from those, an eighth as many.
 */
function knownRecords(capacity: number): KnownRecords {
  const existing = inOrderOfUse((held) => held.records > capacity || held.bytes > capacity * BYTES_PER_RECORD)
  const missing = inOrderOfUse((held) => held.absent > Math.max(1, capacity / 8))
  return {
    get: (partition) => existing.get(partition) ?? missing.get(partition),
    add(partition, answers) {
      const known = existing.take(partition) ?? missing.take(partition) ?? nothingKnown(partition)
      known.asked = undefined
      for (const [name, record] of answers) learn(known, name, record)
      if (known.records.size === 0) {
        missing.put(known)
        return
      }
      if (existing.held.absent + known.absent.size > capacity) known.absent.clear()
      existing.put(known)
    },
    forget(partition) {
      existing.take(partition)
      missing.take(partition)
    },
    clear() {
      existing.clear()
      missing.clear()
    },
  }
}

/** A text that was cut out of a header would keep the whole header in memory. */
function copyOf(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le')
}

function nothingKnown(partition: string): Known {
  return {
    partition: copyOf(partition),
    records: new Map(),
    absent: new Set(),
    bytes: 0,
    older: undefined,
    newer: undefined,
  }
}

/** Partitions in a linked list: a map alone, in the order of insertion, searches ever longer for its oldest entry. */
function inOrderOfUse(isTooMuch: (held: { records: number; bytes: number; absent: number }) => boolean) {
  const partitions = new Map<string, Known>()
  const held = { records: 0, bytes: 0, absent: 0 }
  let oldest: Known | undefined
  let newest: Known | undefined

  const link = (known: Known) => {
    known.older = newest
    known.newer = undefined
    if (newest) newest.newer = known
    newest = known
    oldest ??= known
  }
  const unlink = (known: Known) => {
    if (known.older) known.older.newer = known.newer
    else oldest = known.newer
    if (known.newer) known.newer.older = known.older
    else newest = known.older
  }
  const weigh = (known: Known, sign: 1 | -1) => {
    held.records += sign * known.records.size
    held.bytes += sign * known.bytes
    held.absent += sign * known.absent.size
  }
  const take = (partition: string): Known | undefined => {
    const known = partitions.get(partition)
    if (!known) return undefined
    partitions.delete(partition)
    unlink(known)
    weigh(known, -1)
    return known
  }
  return {
    held,
    take,
    get(partition: string): Known | undefined {
      const known = partitions.get(partition)
      if (!known || known === newest) return known
      unlink(known)
      link(known)
      return known
    },
    put(known: Known) {
      partitions.set(known.partition, known)
      link(known)
      weigh(known, 1)
      while (oldest && isTooMuch(held)) take(oldest.partition)
    },
    clear() {
      partitions.clear()
      oldest = undefined
      newest = undefined
      Object.assign(held, { records: 0, bytes: 0, absent: 0 })
    },
  }
}

function learn(known: Known, name: string, record: StoredRecord | undefined): void {
  drop(known, name)
  if (record) {
    known.records.set(name, record)
    known.bytes += bytesOf(record)
    if (known.records.size > RECORDS_OF_ONE) drop(known, known.records.keys().next().value ?? name)
  } else {
    known.absent.add(name)
    if (known.absent.size > ABSENT_OF_ONE) drop(known, known.absent.keys().next().value ?? name)
  }
}

function drop(known: Known, name: string): void {
  known.absent.delete(name)
  const before = known.records.get(name)
  if (!before) return
  known.records.delete(name)
  known.bytes -= bytesOf(before)
}

/** About what a record takes in memory. */
function bytesOf({ id, value }: StoredRecord): number {
  return 200 + 2 * id.length + bytesOfValue(value)
}

function bytesOfValue(value: unknown): number {
  if (typeof value === 'string') return 24 + value.length
  if (typeof value !== 'object' || value === null) return 8
  let bytes = 32
  for (const member of Object.values(value)) bytes += 16 + bytesOfValue(member)
  return bytes
}
