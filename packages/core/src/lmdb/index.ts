import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { PortcullisError } from '../errors/portcullis-error.js'
import { objectOf } from '../input/check.js'
import { hook, integer, nonEmptyText, oneOf } from '../input/kinds.js'
import { type GivenOptions, optional, readOptions, required, type UsedOptions } from '../input/options.js'
import { readCursor, requireLimit, writeCursor } from '../store/cursor.js'
import { isLive, planBatch } from '../store/plan.js'
import type { Batch, Clock, Millis, PageQuery, RecordKey, Store, StoredRecord } from '../store/store.js'
import { openWitness } from '../store/witness.js'
import { countLive } from './blocks.js'
import { removeExpired, replaceRecord } from './compact.js'
import { openEnvironment } from './environment.js'
import { keyPart, LAST, type OrderPlace, recordPlace } from './layout.js'
import { acceptLossIn, advance, compareWithWitness, laterPosition, lossIn, parsePosition } from './marks.js'
import { watchSpace } from './space.js'
import { transact } from './transact.js'

const LMDB_OPTIONS = {
  /** A directory, made with mode 700 when it is missing. Processes on one machine may share it; network file systems not. */
  path: required(nonEmptyText),
  /** Epoch milliseconds, by which everything expires. Default: `Date.now`. */
  clock: optional<Clock>(hook),
  /** How often expired records are removed, all there are then. 1000 to 86400000, default 60000. */
  compactEveryMs: optional(integer(1000, 86_400_000), { default: 60_000 }),
  /**
   * `power-loss` (default): a commit is answered when it is on the disk. `process-crash`: when every process sees it,
   * which `kill -9` cannot undo; a power failure can, and may leave the store unreadable. For tests and for what can be
   * lost.
   */
  durability: optional(oneOf('power-loss', 'process-crash'), { default: 'power-loss' }),
  /**
   * While the file system has less free than this, ordinary records are refused with `store_unavailable`, so that bans and
   * revocations still find room; records can be deleted. 0 to 1099511627776, default 67108864 (64 MiB).
   */
  reserveBytes: optional(integer(0, 2 ** 40), { default: 67_108_864 }),
  /**
   * A directory outside of `path` that remembers how many bans and revocations the store has seen, so that an older copy
   * that was put back is noticed when it is opened. Leave it where it is when a backup is restored. Default: none.
   */
  witness: optional(objectOf<{ readonly path: string }>({ path: nonEmptyText }, ['path'])),
}

export interface LmdbStoreOptions extends GivenOptions<typeof LMDB_OPTIONS> {}

export interface LmdbStore extends Store {
  /**
   * Removes at most `limit` expired records now and says how many. 1 to 10000, default 1000; else `RangeError`. Reads
   * never see them anyway.
   */
  compact(limit?: number): Promise<number>
}

/** Few enough that no commit waits for more than some milliseconds. */
const COMPACTED_AT_ONCE = 200
/** So long a confirmed commit waits for the witness; a slower disk remembers a moment later. */
const WITNESSED_WITHIN_MS = 50
const LOSS_WARNING =
  'The store was opened with less than it had acknowledged. What was issued before is refused until the loss is accepted; bans may have to be placed again.'
const SHORT_WARNING =
  'The disk is nearly full: new records are refused, except for bans, revocations and their audit entries.'
/** So many expired records a page passes over before it answers with what it has. */
const PASSED_AT_MOST = 1000

/**
 * The embedded store: durable, transactional, shared by any number of processes on one machine. Reads take microseconds
 * and always see what any process has committed, so nothing has to be cached or watched. Throws
 * `configuration_invalid` when the directory cannot be used or an option is out of range.
 */
export function lmdbStore(given: LmdbStoreOptions): LmdbStore {
  const options = resolveOptions(given)
  const { clock = Date.now, compactEveryMs, durability, reserveBytes } = options
  const isSynced = durability === 'power-loss'
  // Before the store, which is ahead of its witness for as long as other processes write to both.
  const witness =
    options.witness && openWitness({ path: options.witness.path, parse: parsePosition, merge: laterPosition })
  const environment = openEnvironment(options.path, { noSync: !isSynced })
  witness?.remember(compareWithWitness(environment, witness, clock()))
  const space = watchSpace(options.path, reserveBytes)
  const { root, records, order } = environment
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
      if (space.isShort && !mayUseReserve(batch))
        throw new PortcullisError('store_unavailable', SHORT_WARNING)
      const { result, position } = await transact(root, () => {
        const now = clock()
        const { result, writes } = planBatch(batch, {
          now,
          live: (key) => find(partition, key, now),
          newVersion: () => `${seed}${++versions}`,
        })
        for (const { key, record } of writes) replaceRecord(environment, recordPlace(partition, key), record)
        const isMarked = writes.length > 0 && (batch.confirm === true || batch.essential === true)
        return { result, position: isMarked ? advance(environment) : undefined }
      })
      if (position && witness) {
        witness.remember(position)
        if (batch.confirm) await within(WITNESSED_WITHIN_MS, witness.flush())
      }
      return result
    },
    async page(partition, collection, query) {
      beginRead()
      requireLimit(query.limit)
      const now = clock()
      const found: StoredRecord[] = []
      let passed = 0
      for (const { key, value: deadline } of order.getRange(walkOf(partition, collection, query) as never)) {
        const [p, c, , id] = key as unknown as OrderPlace
        const isPast = deadline !== null && deadline <= now
        if (isPast && ++passed < PASSED_AT_MOST) continue
        if (found.length === query.limit) return { records: found, nextCursor: writeCursor(lastOf(found)) }
        const record = records.get([p, c, id] as never)
        if (!record) continue
        if (isPast) return { records: found, nextCursor: writeCursor(record) }
        found.push(record)
      }
      return { records: found }
    },
    async count(partition, collection, range) {
      beginRead()
      return countLive(environment, [keyPart(partition), keyPart(collection)], clock(), range)
    },
    async health() {
      if (closing !== undefined) return { ok: false, warnings: [] }
      beginRead()
      const warnings = [
        ...(isSynced ? [] : ['Commits are not synced: a power failure can undo or damage them.']),
        ...(lossIn(environment) === undefined ? [] : [LOSS_WARNING]),
        ...(space.isShort ? [SHORT_WARNING] : []),
        ...(witness?.warnings ?? []),
      ]
      return { ok: true, warnings }
    },
    ...(witness && { confirmsWithinMs: WITNESSED_WITHIN_MS }),
    lossOf() {
      return closing === undefined ? lossIn(environment) : undefined
    },
    async acceptLoss() {
      requireOpen()
      await transact(root, () => acceptLossIn(environment))
    },
    close() {
      clearInterval(timer)
      closing ??= Promise.all([witness?.close(), root.close()]).then(() => {})
      return closing
    },
    compact,
  }
}

function resolveOptions(given: LmdbStoreOptions): UsedOptions<typeof LMDB_OPTIONS> {
  const problems: string[] = []
  const options = readOptions(given, LMDB_OPTIONS, problems, 'lmdb')
  const { path: directory, witness } = options
  if (directory && witness && !path.relative(directory, witness.path).startsWith('..'))
    problems.push('lmdb: witness.path must lie outside of path: a restored copy would bring its own along')
  if (problems.length > 0)
    throw new PortcullisError('configuration_invalid', problems.join('; '), { problems })
  return options
}

/** What has to be possible on a disk that is nearly full: bans and revocations, and making room. */
function mayUseReserve({ essential, writes }: Batch): boolean {
  return essential === true || writes.every((write) => 'delete' in write)
}

async function within(milliseconds: number, done: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([done, late])
  clearTimeout(timer)
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
