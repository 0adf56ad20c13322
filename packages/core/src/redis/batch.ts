import type { Batch, Check, Millis, RecordKey, Write } from '../store/store.js'
import { type CollectionKeys, collectionKeys, encodeId } from './keys.js'

/** What `commit.lua` is given. */
export interface EncodedBatch {
  readonly keys: readonly string[]
  readonly argument: string
  /** The partition as watchers are told of it. */
  readonly notice: string
}

export interface BatchContext {
  readonly prefix: string
  readonly partition: string
  readonly now: Millis
  /** Unguessable and never used before: begins the versions of this batch. */
  readonly seed: string
  /** Where watchers are told. */
  readonly channel: string
  /** Whether keys may expire by the clock of Redis. */
  readonly expire: boolean
}

/** 48 random bits: no other history comes to the same mark by accident. */
const MARK_LENGTH = 8
const ONCE = '\u0000once'

/** Encodes a batch, naming each collection once. Numbers that Lua would round travel as text. */
export function encodeBatch(batch: Batch, context: BatchContext): EncodedBatch {
  const collections: string[] = []
  const place = ({ collection, id }: RecordKey) => {
    if (!collections.includes(collection)) collections.push(collection)
    return { c: collections.indexOf(collection), id: encodeId(id) }
  }
  const encoded = {
    now: context.now,
    nowText: String(context.now),
    seed: context.seed,
    expire: context.expire,
    channel: context.channel,
    quiet: batch.quiet ?? false,
    essential: batch.essential ?? false,
    ...(batch.confirm && { mark: context.seed.slice(0, MARK_LENGTH) }),
    checks: (batch.checks ?? []).map(({ key, version }: Check) => ({
      ...place(key),
      version: version ?? '',
    })),
    writes: batch.writes.map((write) => encodeWrite(write, place)),
    ...(batch.once && {
      once: { ...place({ collection: ONCE, id: batch.once.key }), deadline: String(batch.once.expiresAt) },
    }),
  }
  const keys = collections
    .map((name): CollectionKeys => collectionKeys(context.prefix, context.partition, name))
    .flatMap(({ records, order, deadlines }) => [records, order, deadlines])
  return { keys, argument: JSON.stringify(encoded), notice: encodeId(context.partition) }
}

function encodeWrite(write: Write, place: (key: RecordKey) => { c: number; id: string }) {
  if ('delete' in write) return { ...place(write.delete), kind: 'delete' }
  const deadline = write.expiresAt === undefined ? '' : String(write.expiresAt)
  if ('put' in write) {
    if (!Number.isFinite(write.sort ?? 0)) throw new TypeError('sort must be a finite number')
    return {
      ...place(write.put),
      kind: 'put',
      value: JSON.stringify(write.value),
      sort: String(write.sort ?? 0),
      deadline,
    }
  }
  if (!Number.isSafeInteger(write.amount)) throw new RangeError('amount must be a safe integer')
  const { amount, atMost } = write
  return { ...place(write.add), kind: 'add', amount, deadline, ...(atMost === undefined ? {} : { atMost }) }
}
