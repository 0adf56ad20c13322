import { unreadable } from '../store/collection.js'
import type { JsonValue, Millis, RecordKey, Store, StoredRecord } from '../store/store.js'
import { optimistically, RACED } from '../store/update.js'

/** A record of a plugin as it is written. */
export interface CollectionRecord<Value> {
  readonly id: string
  readonly value: Value
  /** Position in its collection. Default 0. */
  readonly sort?: number
  /** Absent afterwards. */
  readonly expiresAt?: Millis
}

/** One page of a collection, in the order of `sort`. */
export interface CollectionPage<Value> {
  readonly records: readonly CollectionRecord<Value>[]
  /** Absent on the last page. */
  readonly nextCursor?: string
}

/**
 * Records of one plugin, under its own name: no other plugin can reach them, and none of the gate's can be reached. Every
 * method is one atomic step and rejects with `store_unavailable` rather than guess; so does reading a record of another
 * shape.
 */
export interface Collection<Value> {
  get(id: string): Promise<Value | undefined>
  put(record: CollectionRecord<Value>): Promise<void>
  /** False, and nothing stored, where a record of this id is there already. One winner under any concurrency. */
  create(record: CollectionRecord<Value>): Promise<boolean>
  /**
   * Replaces a record by what `next` makes of it, again on the newer one when somebody was faster; undefined leaves
   * everything as it is. Answers what is stored then.
   */
  update(
    id: string,
    next: (current: Value | undefined) => Omit<CollectionRecord<Value>, 'id'> | undefined,
  ): Promise<Value | undefined>
  delete(id: string): Promise<void>
  /** `limit` is 1 to 1000. Rejects with `RangeError` for a cursor that is none of its own. */
  page(query: {
    readonly limit: number
    readonly cursor?: string
    readonly order?: 'ascending' | 'descending'
  }): Promise<CollectionPage<Value>>
}

interface Place {
  readonly store: Store
  readonly options: { readonly storeDeadlineMs: number }
  readonly partition: string
  readonly collection: string
}

/** The records of one collection in one partition, each of which `holds`. */
export function bindCollection<Value extends JsonValue>(
  { store, options, partition, collection }: Place,
  holds: (value: unknown) => value is Value,
): Collection<Value> {
  const read = ({ value }: StoredRecord): Value => {
    if (holds(value)) return value
    throw unreadable(collection)
  }
  const keyOf = (id: string): RecordKey => ({ collection, id })
  const find = async (id: string): Promise<StoredRecord | undefined> =>
    (await store.read(partition, [keyOf(id)]))[0]
  const put = ({ id, ...record }: CollectionRecord<Value>) => ({ put: keyOf(id), ...record })

  return {
    async get(id) {
      const stored = await find(id)
      return stored && read(stored)
    },
    async put(record) {
      await store.commit(partition, { quiet: true, writes: [put(record)] })
    },
    async create(record) {
      const checks = [{ key: keyOf(record.id), version: null }]
      return (await store.commit(partition, { quiet: true, checks, writes: [put(record)] })).committed
    },
    update: (id, next) =>
      optimistically<Value | undefined>(
        { options },
        'A record of a plugin changed too often to be changed',
        async () => {
          const stored = await find(id)
          const current = stored && read(stored)
          const changed = next(current)
          if (changed === undefined) return current
          const result = await store.commit(partition, {
            quiet: true,
            checks: [{ key: keyOf(id), version: stored?.version ?? null }],
            writes: [put({ id, ...changed })],
          })
          return result.committed ? changed.value : RACED
        },
      ),
    async delete(id) {
      await store.commit(partition, { quiet: true, writes: [{ delete: keyOf(id) }] })
    },
    async page(query) {
      const { records, nextCursor } = await store.page(partition, collection, query)
      const listed = records.map((stored) => {
        const { id, sort, expiresAt } = stored
        return { id, value: read(stored), sort, ...(expiresAt === undefined ? {} : { expiresAt }) }
      })
      return nextCursor === undefined ? { records: listed } : { records: listed, nextCursor }
    },
  }
}
