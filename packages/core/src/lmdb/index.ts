import { randomBytes } from 'node:crypto'
import { PortcullisError } from '../errors.js'
import { readCursor, requireLimit, writeCursor } from '../store/cursor.js'
import { isLive, planBatch } from '../store/plan.js'
import type { Clock, PageQuery, SortRange, Store, StoredRecord } from '../store/store.js'
import { LAST, removeExpired, replaceRecord } from './compact.js'
import { openEnvironment } from './environment.js'
import { keyPart, recordPlace } from './layout.js'

export interface LmdbStoreOptions {
  /** A directory, made with mode 700 when it is missing. Processes on one machine may share it; network file systems not. */
  readonly path: string
  /** Default `Date.now`. */
  readonly clock?: Clock
  /** How often expired records are removed. 1000 to 86400000, default 60000. */
  readonly compactEveryMs?: number
  /**
   * `power-loss` (default): a commit is answered when it is on the disk. `process-crash`: when every process sees it,
   * which `kill -9` cannot undo, but a power failure can.
   */
  readonly durability?: 'power-loss' | 'process-crash'
}

export interface LmdbStore extends Store {
  /** Removes at most `limit` expired records now (default 1000) and says how many. Reads never see them anyway. */
  compact(limit?: number): Promise<number>
}

const COMPACTED_AT_ONCE = 1000

/**
 * The embedded store: durable, transactional, shared by any number of processes on one machine. Reads take microseconds
 * and always see what any process has committed, so nothing has to be cached or watched. Throws
 * `configuration_invalid` when the directory cannot be used.
 */
export function lmdbStore(options: LmdbStoreOptions): LmdbStore {
  const { clock = Date.now, compactEveryMs = 60_000, durability = 'power-loss' } = options
  const environment = openEnvironment(options.path, { noSync: durability === 'process-crash' })
  const { root, records, order, deadlines, sizes } = environment
  const seed = randomBytes(9).toString('base64url')
  let versions = 0
  let closing: Promise<void> | undefined

  const requireOpen = () => {
    if (closing !== undefined) throw new PortcullisError('store_unavailable', 'The LMDB store is closed')
  }
  /** Reads begin a snapshot of their own: the one that lmdb keeps for a turn may be older than a commit elsewhere. */
  const beginRead = () => {
    requireOpen()
    root.resetReadTxn()
  }
  const find = (partition: string, collection: string, id: string): StoredRecord | undefined => {
    const record = records.get(recordPlace(partition, { collection, id }) as never)
    return record && isLive(record, clock()) ? record : undefined
  }
  const transact = async <T>(action: () => T): Promise<T> => {
    requireOpen()
    return root.transaction(action)
  }
  const compact = (limit = COMPACTED_AT_ONCE) => transact(() => removeExpired(environment, clock(), limit))

  const timer = setInterval(() => {
    // Another round will come; nothing is decided by what is past its deadline.
    compact().catch(() => {})
  }, compactEveryMs)
  timer.unref()

  return {
    async read(partition, keys) {
      beginRead()
      return keys.map(({ collection, id }) => find(partition, collection, id))
    },
    async commit(partition, batch) {
      return transact(() => {
        const { result, writes } = planBatch(batch, {
          now: clock(),
          live: ({ collection, id }) => find(partition, collection, id),
          newVersion: () => `${seed}${++versions}`,
        })
        for (const { key, record } of writes) replaceRecord(environment, recordPlace(partition, key), record)
        return result
      })
    },
    async page(partition, collection, query) {
      beginRead()
      requireLimit(query.limit)
      const found: StoredRecord[] = []
      const after = query.cursor === undefined ? undefined : readCursor(query.cursor)
      for (const place of order.getKeys(walkOf(partition, collection, query) as never)) {
        const [, , sort, id] = place as unknown as [string, string, number, string]
        if (after && sort === after.sort && id === keyPart(after.id)) continue
        const record = records.get([keyPart(partition), keyPart(collection), id] as never)
        if (!record || !isLive(record, clock()) || record.sort !== sort) continue
        if (found.length === query.limit) return { records: found, nextCursor: writeCursor(lastOf(found)) }
        found.push(record)
      }
      return { records: found }
    },
    async count(partition, collection, range) {
      beginRead()
      const [p, c] = [keyPart(partition), keyPart(collection)]
      const all = range
        ? order.getKeysCount(walkOf(partition, collection, { limit: 1, range }) as never)
        : (sizes.get([p, c] as never) ?? 0)
      let expired = 0
      for (const { key, value: sort } of deadlines.getRange({ end: [clock(), LAST] as never })) {
        const [, inPartition, inCollection] = key as unknown as [number, string, string]
        if (inPartition === p && inCollection === c && isWithin(sort, range)) expired += 1
      }
      return all - expired
    },
    async health() {
      return { ok: closing === undefined, warnings: [] }
    },
    close() {
      clearInterval(timer)
      closing ??= root.close()
      return closing
    },
    compact,
  }
}

/** The part of `order` that a query walks; the cursor takes the place of the end where it continues. */
function walkOf(
  partition: string,
  collection: string,
  { range = {}, order = 'ascending', cursor }: PageQuery,
) {
  const [p, c] = [keyPart(partition), keyPart(collection)]
  const last = cursor === undefined ? undefined : readCursor(cursor)
  const after = last && [p, c, last.sort, keyPart(last.id)]
  const least = [p, c, range.from ?? Number.NEGATIVE_INFINITY]
  const most = [p, c, range.to ?? Number.POSITIVE_INFINITY, LAST]
  return order === 'ascending'
    ? { start: after ?? least, exclusiveStart: after !== undefined, end: most, inclusiveEnd: true }
    : {
        start: after ?? most,
        exclusiveStart: after !== undefined,
        end: least,
        inclusiveEnd: true,
        reverse: true,
      }
}

function lastOf(found: readonly StoredRecord[]): StoredRecord {
  const last = found.at(-1)
  if (!last) throw new RangeError('an empty page has no end')
  return last
}

function isWithin(sort: number, { from, to }: SortRange = {}): boolean {
  return sort >= (from ?? Number.NEGATIVE_INFINITY) && sort <= (to ?? Number.POSITIVE_INFINITY)
}
