import { PortcullisError } from '../errors/portcullis-error.js'
import { checkMembers } from '../input/check.js'
import { hook } from '../input/kinds.js'
import { readCursor, requireLimit, writeCursor } from './cursor.js'
import { isLive, planBatch } from './plan.js'
import type {
  Clock,
  JsonValue,
  Millis,
  Page,
  PageQuery,
  SortRange,
  Store,
  StoredRecord,
  WatchListener,
} from './store.js'

type Collection = Map<string, StoredRecord>

const EXAMINED_AT_MOST = 20

/**
 * The reference store: what the contract says, in the fewest words. One process, nothing survives it; for tests and for
 * trying things out. Throws `configuration_invalid` that names every problem of its options.
 */
export function memoryStore(options: { clock?: Clock | undefined } = {}): Store {
  const problems: string[] = []
  const { clock = Date.now } = checkMembers(options, { clock: hook }, problems, { name: 'memory' })
  if (problems.length > 0)
    throw new PortcullisError('configuration_invalid', problems.join('; '), { problems })
  const collections = new Map<string, Collection>()
  const listeners = new Set<WatchListener>()
  let versions = 0
  let isClosed = false

  const requireOpen = () => {
    if (isClosed) throw new PortcullisError('store_unavailable', 'The memory store is closed')
  }
  const find = (partition: string, collection: string) =>
    collections.get(JSON.stringify([partition, collection]))
  const findOrMake = (partition: string, collection: string): Collection => {
    const found = find(partition, collection) ?? new Map<string, StoredRecord>()
    collections.set(JSON.stringify([partition, collection]), found)
    return found
  }
  const sorted = (partition: string, collection: string, range: SortRange = {}): StoredRecord[] => {
    const now = clock()
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = range
    return [...(find(partition, collection)?.values() ?? [])]
      .filter((record) => isLive(record, now) && record.sort >= from && record.sort <= to)
      .sort(bySortThenId)
  }
  /** Those that nobody writes to any more get their turn too. */
  const collectFromNext = (now: Millis) => {
    const [next] = collections
    if (!next) return
    const [name, collection] = next
    collectExpired(collection, now)
    collections.delete(name)
    if (collection.size > 0) collections.set(name, collection)
  }

  return {
    async read(partition, keys) {
      requireOpen()
      const now = clock()
      return keys.map(({ collection, id }) => liveAt(now, find(partition, collection)?.get(id)))
    },
    async commit(partition, batch) {
      requireOpen()
      const now = clock()
      const { result, writes } = planBatch(batch, {
        now,
        live: ({ collection, id }) => liveAt(now, find(partition, collection)?.get(id)),
        newVersion: () => String(++versions),
      })
      const copies = writes.map(({ key, record }) => ({ key, record: record && copyOf(record) }))
      for (const { key, record } of copies) {
        const collection = findOrMake(partition, key.collection)
        if (record) collection.set(key.id, record)
        else collection.delete(key.id)
        collectExpired(collection, now)
      }
      collectFromNext(now)
      if (writes.length > 0 && !batch.quiet) for (const listener of listeners) listener.changed(partition)
      return result
    },
    async page(partition, collection, query) {
      requireOpen()
      requireLimit(query.limit)
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
          return listeners.has(listener)
        },
        close: async () => void listeners.delete(listener),
      }
    },
    async health() {
      return { ok: !isClosed, warnings: ['The store is in memory: nothing survives a restart.'] }
    },
    async close() {
      isClosed = true
      collections.clear()
      listeners.clear()
    },
  }
}

function liveAt(now: Millis, record: StoredRecord | undefined): StoredRecord | undefined {
  return record && isLive(record, now) ? copyOf(record) : undefined
}

/** By way of JSON, as in every store: what was read shares nothing with what is kept, nor that with what was written. */
function copyOf(record: StoredRecord): StoredRecord {
  return { ...record, value: JSON.parse(JSON.stringify(record.value)) as JsonValue }
}

type Sortable = Pick<StoredRecord, 'sort' | 'id'>

function bySortThenId(a: Sortable, b: Sortable): number {
  return a.sort - b.sort || (a.id < b.id ? -1 : Number(a.id > b.id))
}

function pageOf(ascending: readonly StoredRecord[], { limit, order = 'ascending', cursor }: PageQuery): Page {
  const direction = order === 'ascending' ? 1 : -1
  const ordered = order === 'ascending' ? ascending : ascending.toReversed()
  const last = cursor === undefined ? undefined : readCursor(cursor)
  const rest = last ? ordered.filter((record) => bySortThenId(record, last) * direction > 0) : ordered
  const records = rest.slice(0, limit).map(copyOf)
  const end = records.at(-1)
  return { records, ...(end && rest.length > limit ? { nextCursor: writeCursor(end) } : {}) }
}

/** A few at a time, so that no commit is slow; the examined ones move to the end, so that all get their turn. */
function collectExpired(collection: Collection, now: Millis): void {
  for (const [id, record] of [...take(collection, EXAMINED_AT_MOST)]) {
    collection.delete(id)
    if (isLive(record, now)) collection.set(id, record)
  }
}

function* take<T>(items: Iterable<T>, most: number): Generator<T> {
  let taken = 0
  for (const item of items) {
    if (taken++ >= most) return
    yield item
  }
}
