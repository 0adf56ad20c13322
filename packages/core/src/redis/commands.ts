import { randomBytes } from 'node:crypto'
import { PortcullisError } from '../errors/portcullis-error.js'
import { type Place, readCursor, requireLimit, writeCursor } from '../store/cursor.js'
import type {
  Batch,
  Clock,
  CommitResult,
  JsonValue,
  Page,
  PageQuery,
  RecordKey,
  SortRange,
  Store,
  StoredRecord,
} from '../store/store.js'
import { encodeBatch } from './batch.js'
import type { RunProven } from './epochs.js'
import { collectionKeys, decodeId, encodeId } from './keys.js'
import type { Slots } from './slots.js'

/** Few enough that nobody else waits for more than some milliseconds. */
const COUNTED_A_CALL = 1000
const COUNTED_WITHIN_MS = 1000

export interface CommandsOptions {
  readonly run: RunProven
  readonly slots: Slots
  readonly prefix: string
  readonly channel: string
  readonly clock: Clock
  /** Whether keys may expire by the clock of Redis: not under a clock that a test moves. */
  readonly expire: boolean
}

/** The four methods of the contract that read and write, each one script or command. */
export function redisCommands(options: CommandsOptions): Pick<Store, 'read' | 'commit' | 'page' | 'count'> {
  const { run, slots, prefix, channel, clock, expire } = options

  const fetch = async (partition: string, keys: readonly RecordKey[]): Promise<(string | null)[]> => {
    const hashes = [
      ...new Set(keys.map(({ collection }) => collectionKeys(prefix, partition, collection).records)),
    ]
    if (hashes.length === 0) return []
    const places = keys.flatMap(({ collection, id }) => {
      const hash = collectionKeys(prefix, partition, collection).records
      return [hashes.indexOf(hash) + 1, encodeId(id)]
    })
    return (await run('read', partition, hashes, ...places)) as (string | null)[]
  }

  const live = (id: string, text: string | null | undefined): StoredRecord | undefined => {
    if (!text) return undefined
    const record = readRecord(id, text)
    return record.expiresAt === undefined || record.expiresAt > clock() ? record : undefined
  }

  return {
    async read(partition, keys) {
      const texts = await fetch(partition, keys)
      return keys.map(({ id }, index) => live(id, texts[index]))
    },

    async commit(partition: string, batch: Batch): Promise<CommitResult> {
      const seed = randomBytes(9).toString('base64url')
      const context = { prefix, partition, now: clock(), seed, channel, expire }
      const { keys, argument, notice } = encodeBatch(batch, context)
      const [answer, detail = ''] = (await run(
        'commit',
        partition,
        keys,
        argument,
        notice,
        slots.slotOf(partition),
      )) as string[]
      if (answer === 'check' || answer === 'limit')
        return { committed: false, refusedBy: answer, index: Number(detail) }
      return { committed: true, totals: JSON.parse(detail) as number[], repeated: answer === 'repeated' }
    },

    async page(partition: string, collection: string, query: PageQuery): Promise<Page> {
      const { limit, order = 'ascending', range } = query
      requireLimit(limit)
      const { records, order: sorted } = collectionKeys(prefix, partition, collection)
      const answer = (await run(
        'page',
        partition,
        [records, sorted],
        order === 'descending' ? 'desc' : 'asc',
        ...boundsOf(range),
        limit,
        ...cursorArguments(query.cursor),
      )) as string[]
      return pageOf(answer, live)
    },

    async count(partition: string, collection: string, range?: SortRange): Promise<number> {
      const { records, order, deadlines } = collectionKeys(prefix, partition, collection)
      const start = performance.now()
      do {
        const [counted = 0] = (await run(
          'count',
          partition,
          [records, order, deadlines],
          String(clock()),
          ...boundsOf(range),
          COUNTED_A_CALL,
        )) as number[]
        if (counted >= 0) return counted
      } while (performance.now() - start < COUNTED_WITHIN_MS)
      throw new PortcullisError('store_unavailable', 'Too many expired records have to be removed first')
    },
  }
}

function boundsOf({ from, to }: SortRange = {}): [string, string] {
  return [from === undefined ? '-inf' : String(from), to === undefined ? '+inf' : String(to)]
}

function pageOf(
  answer: readonly string[],
  live: (id: string, text: string) => StoredRecord | undefined,
): Page {
  const records: StoredRecord[] = []
  let last: Place | undefined
  for (let at = 0; at + 1 < answer.length; at += 2) {
    const id = decodeId(answer[at] ?? '')
    const text = answer[at + 1] ?? ''
    const record = live(id, text)
    if (record) records.push(record)
    last = { id, sort: Number(text.split('|', 2)[1] ?? 0) }
  }
  return { records, ...(answer.at(-1) === '1' && last ? { nextCursor: writeCursor(last) } : {}) }
}

function cursorArguments(cursor: string | undefined): string[] {
  if (cursor === undefined) return []
  const { sort, id } = readCursor(cursor)
  return [String(sort), encodeId(id)]
}

/** Reads the kept text of a record: `version|sort|deadline|value`. */
function readRecord(id: string, text: string): StoredRecord {
  const [version = '', sort = '0', deadline = ''] = text.split('|', 3)
  const value = text.slice(version.length + sort.length + deadline.length + 3)
  return {
    id,
    version,
    sort: Number(sort),
    value: JSON.parse(value) as JsonValue,
    ...(deadline === '' ? {} : { expiresAt: Number(deadline) }),
  }
}
