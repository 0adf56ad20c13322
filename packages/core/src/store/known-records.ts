import type { StoredRecord } from './store.js'

/** What is known of one partition, between its neighbours in the order of use. */
interface Known {
  readonly partition: string
  readonly records: Map<string, StoredRecord>
  /** Names of records that do not exist. */
  readonly absent: Set<string>
  bytes: number
  older: Known | undefined
  newer: Known | undefined
}

export interface KnownRecords {
  get(partition: string): Pick<Known, 'records' | 'absent'> | undefined
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
export function knownRecords(capacity: number): KnownRecords {
  const existing = inOrderOfUse((held) => held.records > capacity || held.bytes > capacity * BYTES_PER_RECORD)
  const missing = inOrderOfUse((held) => held.absent > Math.max(1, capacity / 8))
  return {
    get: (partition) => existing.get(partition) ?? missing.get(partition),
    add(partition, answers) {
      const known = existing.take(partition) ?? missing.take(partition) ?? nothingKnown(partition)
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

function nothingKnown(partition: string): Known {
  // A copy: a name that was cut out of a header would keep the whole header in memory.
  const name = Buffer.from(partition, 'utf16le').toString('utf16le')
  return {
    partition: name,
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
