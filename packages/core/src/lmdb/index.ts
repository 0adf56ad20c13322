import { randomBytes } from 'node:crypto'
import { PortcullisError } from '../errors.js'
import { readCursor, requireLimit, writeCursor } from '../store/cursor.js'
import { isLive, planBatch } from '../store/plan.js'
import type { Clock, Millis, PageQuery, RecordKey, SortRange, Store, StoredRecord } from '../store/store.js'
import { removeExpired, replaceRecord } from './compact.js'
import { openEnvironment } from './environment.js'
import { keyPart, LAST, type OrderPlace, recordPlace } from './layout.js'
import { transact } from './transact.js'

export interface LmdbStoreOptions {
  /** A directory, made with mode 700 when it is missing. Processes on one machine may share it; network file systems not. */
  readonly path: string
  /** Default `Date.now`. */
  readonly clock?: Clock
  /** How often expired records are removed, all there are then. 1000 to 86400000, default 60000. */
  readonly compactEveryMs?: number
  /**
   * `power-loss` (default): a commit is answered when it is on the disk. `process-crash`: when every process sees it,
   * which `kill -9` cannot undo; a power failure can, and may leave the store unreadable. For tests and for what can be
   * lost.
   */
  readonly durability?: 'power-loss' | 'process-crash'
}

export interface LmdbStore extends Store {
  /**
   * Removes at most `limit` expired records now and says how many. 1 to 10000, default 1000; else `RangeError`. Reads
   * never see them anyway.
   */
  compact(limit?: number): Promise<number>
}

/** Few enough that no commit waits for more than some milliseconds. */
const COMPACTED_AT_ONCE = 200
/** So many expired records a page passes over before it answers with what it has. */
const PASSED_AT_MOST = 1000

/**
 * The embedded store: durable, transactional, shared by any number of processes on one machine. Reads take microseconds
 * and always see what any process has committed, so nothing has to be cached or watched. Throws
 * `configuration_invalid` when the directory cannot be used or an option is out of range.
 */
export function lmdbStore(options: LmdbStoreOptions): LmdbStore {
  const { clock = Date.now, compactEveryMs = 60_000, durability = 'power-loss' } = options
  requireInterval(compactEveryMs)
  const isSynced = durability === 'power-loss'
  const environment = openEnvironment(options.path, { noSync: !isSynced })
  const { root, records, order, deadlines, sizes } = environment
  const seed = randomBytes(9).toString('base64url')
  let versions = 0
  let isCompacting = false
  let closing: Promise<void> | undefined

  const requireOpen = () => {
    if (closing !== undefined) throw new PortcullisError('store_unavailable', 'The LMDB store is closed')
  }
  /** Reads begin a snapshot of their own: the one that lmdb keeps for a turn may be older than a commit elsewhere. */
  const beginRead = () => {
    requireOpen()
    root.resetReadTxn()
  }
  const find = (partition: string, key: RecordKey, now: Millis): StoredRecord | undefined => {
    const record = records.get(recordPlace(partition, key) as never)
    return record && isLive(record, now) ? record : undefined
  }
  const compact = async (limit = 1000) => {
    requireOpen()
    if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
      throw new RangeError('limit must be from 1 to 10000')
    return transact(root, () => removeExpired(environment, clock(), limit))
  }
  const compactAll = async () => {
    if (isCompacting) return
    isCompacting = true
    try {
      while (closing === undefined && (await compact(COMPACTED_AT_ONCE)) === COMPACTED_AT_ONCE);
    } finally {
      isCompacting = false
    }
  }

  const timer = setInterval(() => {
    // Another round will come; nothing is decided by what is past its deadline.
    compactAll().catch(() => {})
  }, compactEveryMs)
  timer.unref()

  return {
    async read(partition, keys) {
      beginRead()
      const now = clock()
      return keys.map((key) => find(partition, key, now))
    },
    async commit(partition, batch) {
      requireOpen()
      return transact(root, () => {
        const now = clock()
        const { result, writes } = planBatch(batch, {
          now,
          live: (key) => find(partition, key, now),
          newVersion: () => `${seed}${++versions}`,
        })
        for (const { key, record } of writes) replaceRecord(environment, recordPlace(partition, key), record)
        return result
      })
    },
    async page(partition, collection, query) {
      beginRead()
      requireLimit(query.limit)
      const now = clock()
      const found: StoredRecord[] = []
      let passed = 0
      for (const place of order.getKeys(walkOf(partition, collection, query) as never)) {
        const [p, c, , id] = place as unknown as OrderPlace
        const record = records.get([p, c, id] as never)
        if (!record) continue
        if (isLive(record, now)) {
          if (found.length === query.limit) return { records: found, nextCursor: writeCursor(lastOf(found)) }
          found.push(record)
        } else if (++passed === PASSED_AT_MOST) return { records: found, nextCursor: writeCursor(record) }
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
      if (closing !== undefined) return { ok: false, warnings: [] }
      return {
        ok: true,
        warnings: isSynced ? [] : ['Commits are not synced: a power failure can undo or damage them.'],
      }
    },
    close() {
      clearInterval(timer)
      closing ??= root.close()
      return closing
    },
    compact,
  }
}

function requireInterval(compactEveryMs: number): void {
  if (Number.isInteger(compactEveryMs) && compactEveryMs >= 1000 && compactEveryMs <= 86_400_000) return
  const problem = 'lmdb: compactEveryMs must be an integer from 1000 to 86400000'
  throw new PortcullisError('configuration_invalid', problem, { problems: [problem] })
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
