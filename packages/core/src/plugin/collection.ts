import { PortcullisError } from '../errors/portcullis-error.js'
import type { Collection } from '../store/collection.js'
import type { Batch, Millis, Store, StoredRecord } from '../store/store.js'
import { optimistically, RACED, type Replicated, replicationOf } from '../store/update.js'

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

/** What a change is for. */
export interface ChangePurpose {
  /**
   * It takes something away, as a revocation does: a store that is full takes it too, and one with replicas waits for
   * them, as far as its options say.
   */
  readonly isRevocation?: boolean
}

/**
 * A collection of one plugin in one place: its records of the plugin as a whole, or those about one account. No other plugin
 * can reach them, and none of the gate's can be reached. Every method is one atomic step and rejects with
 * `store_unavailable` rather than guess; so does reading a record of another shape.
 */
export interface BoundCollection<Value> {
  get(id: string): Promise<Value | undefined>
  put(record: CollectionRecord<Value>, purpose?: ChangePurpose): Promise<Replicated>
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
  delete(id: string, purpose?: ChangePurpose): Promise<Replicated>
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
  /** No decision reads these records. */
  readonly isQuiet: boolean
}

/** The records of a collection in one partition. */
export function bindCollection<Value>(
  { store, options, partition, isQuiet: quiet }: Place,
  collection: Collection<Value>,
): BoundCollection<Value> {
  const find = async (id: string): Promise<StoredRecord | undefined> =>
    (await store.read(partition, [collection.key(id)]))[0]
  const put = ({ id, value, ...placing }: CollectionRecord<Value>) => collection.put(id, value, placing)
  const commit = (batch: Batch, { isRevocation = false }: ChangePurpose = {}) =>
    store.commit(partition, { quiet, ...(isRevocation && { confirm: true, essential: true }), ...batch })
  const change = async (batch: Batch, purpose?: ChangePurpose): Promise<Replicated> => {
    const result = await commit(batch, purpose)
    // Nothing is checked, so that nothing but a failure keeps it from being committed.
    if (!result.committed) throw new PortcullisError('store_unavailable', 'A record was not stored')
    return replicationOf(result)
  }

  return {
    async get(id) {
      const stored = await find(id)
      return stored && collection.read(stored)
    },
    put: (record, purpose) => change({ writes: [put(record)] }, purpose),
    async create(record) {
      const checks = [{ key: collection.key(record.id), version: null }]
      return (await commit({ checks, writes: [put(record)] })).committed
    },
    update: (id, next) =>
      optimistically<Value | undefined>(
        { options },
        'A record of a plugin changed too often to be changed',
        async () => {
          const stored = await find(id)
          const current = stored && collection.read(stored)
          const changed = next(current)
          if (changed === undefined) return current
          const result = await commit({
            checks: [{ key: collection.key(id), version: stored?.version ?? null }],
            writes: [put({ id, ...changed })],
          })
          return result.committed ? changed.value : RACED
        },
      ),
    delete: (id, purpose) => change({ writes: [collection.delete(id)] }, purpose),
    async page(query) {
      const { records, nextCursor } = await store.page(partition, collection.name, query)
      const listed = records.map((stored) => {
        const { id, sort, expiresAt } = stored
        const value = collection.read(stored)
        return { id, value, sort, ...(expiresAt === undefined ? {} : { expiresAt }) }
      })
      return nextCursor === undefined ? { records: listed } : { records: listed, nextCursor }
    },
  }
}
