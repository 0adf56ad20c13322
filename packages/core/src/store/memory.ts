import { PortcullisError } from '../errors.js'
import type {
  Add,
  Batch,
  Clock,
  CommitResult,
  JsonValue,
  Millis,
  PageQuery,
  RecordKey,
  SortRange,
  Store,
  StoredRecord,
  WatchListener,
} from './store.js'

type Collection = Map<string, StoredRecord>
type Partition = Map<string, Collection>

const COLLECTED_AT_MOST = 20

/**
 * The reference store: what the contract says, in the fewest words. One process, nothing survives it; for tests and for
 * trying things out.
 */
export function memoryStore(options: { clock?: Clock } = {}): Store {
  const clock = options.clock ?? Date.now
  const partitions = new Map<string, Partition>()
  const remembered = new Map<string, { totals: readonly number[]; expiresAt: Millis }>()
  const listeners = new Set<WatchListener>()
  let versions = 0
  let closed = false

  const requireOpen = () => {
    if (closed) throw new PortcullisError('store_unavailable', 'The memory store is closed')
  }

  const collectionOf = (partition: string, name: string): Collection => {
    const collections = partitions.get(partition) ?? new Map<string, Collection>()
    partitions.set(partition, collections)
    const collection = collections.get(name) ?? new Map<string, StoredRecord>()
    collections.set(name, collection)
    return collection
  }

  const live = (partition: string, { collection, id }: RecordKey): StoredRecord | undefined => {
    const record = partitions.get(partition)?.get(collection)?.get(id)
    return record && isLive(record, clock()) ? record : undefined
  }

  const sorted = (partition: string, collection: string, range: SortRange = {}): StoredRecord[] => {
    const now = clock()
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = range
    return [...(partitions.get(partition)?.get(collection)?.values() ?? [])]
      .filter((record) => isLive(record, now) && record.sort >= from && record.sort <= to)
      .sort(bySortThenId)
  }

  const commit = (partition: string, batch: Batch): CommitResult => {
    const now = clock()
    const onceName = batch.once && JSON.stringify([partition, batch.once.key])
    const before = onceName === undefined ? undefined : remembered.get(onceName)
    if (before && before.expiresAt > now) return { committed: true, totals: before.totals, repeated: true }

    const failed = (batch.checks ?? []).findIndex(
      ({ key, version }) => (live(partition, key)?.version ?? null) !== version,
    )
    if (failed >= 0) return { committed: false, refusedBy: 'check', index: failed }

    const staged = new Map<string, { key: RecordKey; record: StoredRecord | undefined }>()
    const current = (key: RecordKey) => {
      const written = staged.get(JSON.stringify([key.collection, key.id]))
      return written ? written.record : live(partition, key)
    }
    const stage = (key: RecordKey, record: Omit<StoredRecord, 'version'> | undefined) => {
      const kept = record && isLive(record, now) ? { ...record, version: String(++versions) } : undefined
      staged.set(JSON.stringify([key.collection, key.id]), { key, record: kept })
    }
    const totals: number[] = []
    for (const [index, write] of batch.writes.entries()) {
      if ('put' in write) stage(write.put, recordOf(write.put.id, structuredClone(write.value), write))
      else if ('delete' in write) stage(write.delete, undefined)
      else {
        const counter = current(write.add)
        const total = sum(counter?.value ?? 0, write)
        if (write.atMost !== undefined && total > write.atMost)
          return { committed: false, refusedBy: 'limit', index }
        stage(write.add, counter ? { ...counter, value: total } : recordOf(write.add.id, total, write))
        totals.push(total)
      }
    }
    for (const { key, record } of staged.values()) {
      const collection = collectionOf(partition, key.collection)
      if (record) collection.set(key.id, record)
      else collection.delete(key.id)
      collectExpired(collection, now)
    }
    if (onceName !== undefined && batch.once)
      remembered.set(onceName, { totals, expiresAt: batch.once.expiresAt })
    if (!batch.quiet) for (const listener of listeners) listener.changed(partition)
    return { committed: true, totals, repeated: false }
  }

  return {
    async read(partition, keys) {
      requireOpen()
      return keys.map((key) => live(partition, key))
    },
    async commit(partition, batch) {
      requireOpen()
      return commit(partition, batch)
    },
    async page(partition, collection, query) {
      requireOpen()
      return pageOf(sorted(partition, collection, query.range), query)
    },
    async count(partition, collection, range) {
      requireOpen()
      return sorted(partition, collection, range).length
    },
    async watch(listener) {
      requireOpen()
      listeners.add(listener)
      return {
        get vouching() {
          return !closed && listeners.has(listener)
        },
        close: async () => void listeners.delete(listener),
      }
    },
    async health() {
      return { ok: !closed, warnings: ['The store is in memory: nothing survives a restart.'] }
    },
    async close() {
      closed = true
      partitions.clear()
      listeners.clear()
    },
  }
}

function isLive(record: { readonly expiresAt?: Millis }, now: Millis): boolean {
  return record.expiresAt === undefined || record.expiresAt > now
}

function recordOf(
  id: string,
  value: JsonValue,
  { sort = 0, expiresAt }: { sort?: number; expiresAt?: Millis },
): Omit<StoredRecord, 'version'> {
  return { id, value, sort, ...(expiresAt === undefined ? {} : { expiresAt }) }
}

function sum(before: JsonValue, { amount }: Add): number {
  const total = typeof before === 'number' ? before + amount : Number.NaN
  if (!Number.isSafeInteger(total))
    throw new TypeError('The record is no counter, or its sum no safe integer')
  return total
}

function bySortThenId(a: StoredRecord, b: StoredRecord): number {
  return a.sort - b.sort || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

function pageOf(ascending: StoredRecord[], { limit, order = 'ascending', cursor }: PageQuery) {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new RangeError('limit must be from 1 to 1000')
  const after = cursor === undefined ? undefined : (JSON.parse(cursor) as [number, string])
  const last = after && ({ sort: after[0], id: after[1] } as StoredRecord)
  const direction = order === 'ascending' ? 1 : -1
  const ordered = order === 'ascending' ? ascending : ascending.toReversed()
  const rest = last ? ordered.filter((record) => bySortThenId(record, last) * direction > 0) : ordered
  const records = rest.slice(0, limit)
  const end = records.at(-1)
  return {
    records,
    ...(end && rest.length > limit ? { nextCursor: JSON.stringify([end.sort, end.id]) } : {}),
  }
}

function collectExpired(collection: Collection, now: Millis): void {
  let examined = 0
  for (const [id, record] of collection) {
    if (!isLive(record, now)) collection.delete(id)
    if (++examined >= COLLECTED_AT_MOST) return
  }
}
