/** Epoch milliseconds. Deadlines are absolute: latency never shortens or loses one. */
export type Millis = number

/** Reads the current time. Injected everywhere, so that tests own the clock. */
export type Clock = () => Millis

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue | undefined }

/** Names one record inside a partition. Both parts are free text; no two pairs ever share a record. */
export interface RecordKey {
  readonly collection: string
  readonly id: string
}

export interface StoredRecord {
  readonly id: string
  readonly value: JsonValue
  /** Changes with every write to the record, also when the value stays the same. Opaque. */
  readonly version: string
  /** Position in its collection; 0 when it was written without one. */
  readonly sort: number
  readonly expiresAt?: Millis
}

/** Holds when the record has exactly this version; `null` holds when it is absent or past its deadline. */
export interface Check {
  readonly key: RecordKey
  readonly version: string | null
}

export interface Put {
  readonly put: RecordKey
  readonly value: JsonValue
  /** Any finite number; orders the record in `page` and `count`. Default 0. */
  readonly sort?: number
  /** A deadline that has already passed stores nothing and removes what was there. */
  readonly expiresAt?: Millis
}

export interface Delete {
  readonly delete: RecordKey
}

/**
 * Adds to a counter, whose record value is a number. A missing or expired counter starts at 0.
 * `amount` is a safe integer and may be negative. With `atMost`, the whole batch is refused when the sum would pass it.
 * `expiresAt` takes effect when the counter is created and is kept by later additions.
 */
export interface Add {
  readonly add: RecordKey
  readonly amount: number
  readonly atMost?: number
  readonly expiresAt?: Millis
}

export type Write = Put | Delete | Add

export interface Batch {
  readonly checks?: readonly Check[]
  /** Applied in order; a later write sees an earlier one. */
  readonly writes: readonly Write[]
  /**
   * Makes the batch idempotent within its partition: a repeat before `expiresAt` changes nothing and answers with
   * the first result. A refused batch is not remembered.
   */
  readonly once?: { readonly key: string; readonly expiresAt: Millis }
  /** No decision reads these records: watchers need no notice. */
  readonly quiet?: boolean
  /**
   * A ban or a revocation, which must not be lost with one machine: a store with replicas waits for them, as far as its
   * options say, and answers `replication`.
   */
  readonly confirm?: boolean
  /**
   * A ban, a revocation, or what has to be written for one: taken also by a store that ordinary records have filled to
   * its limit, from what it holds in reserve. Keep such batches small.
   */
  readonly essential?: boolean
}

/** How far a change had come when it was answered. */
export interface Replication {
  /** How many replicas should have it. */
  readonly requested: number
  /** How many had it in time. When fewer, the change holds now, but the loss of the master may undo it. */
  readonly confirmed: number
}

export type CommitResult =
  | {
      readonly committed: true
      /** The new total of each `add`, in the order of the batch. */
      readonly totals: readonly number[]
      /** True when `once` had been seen before and nothing was written now. */
      readonly repeated: boolean
      /** Only for a batch with `confirm`, from a store that waits for replicas. */
      readonly replication?: Replication
    }
  | {
      readonly committed: false
      /** `check`: a check failed. `limit`: an `add` would have passed its `atMost`. */
      readonly refusedBy: 'check' | 'limit'
      /** Index into `checks`, or into `writes` for `limit`. */
      readonly index: number
    }

/** Both ends inclusive; an omitted end is open. */
export interface SortRange {
  readonly from?: number
  readonly to?: number
}

export interface PageQuery {
  /** 1 to 1000. */
  readonly limit: number
  readonly order?: 'ascending' | 'descending'
  readonly range?: SortRange
  /** `nextCursor` of the page before, with the same order and range. */
  readonly cursor?: string
}

export interface Page {
  /** By `sort`, then by id; never an expired record. May hold fewer than `limit` also when more follow. */
  readonly records: readonly StoredRecord[]
  /** Absent on the last page. */
  readonly nextCursor?: string
}

export interface Watch {
  /** False from the moment changes may go unnoticed; true again once a fresh start is vouched for. */
  readonly vouching: boolean
  close(): Promise<void>
}

export interface WatchListener {
  /** The partition changed, in this process or another. */
  changed(partition: string): void
  /** Changes may have been missed: forget everything. */
  lost(): void
}

/** What an operator should hear of a store as it happens. */
export interface StoreEvent {
  readonly level: 'error'
  readonly code: string
  readonly detail: string
  readonly cause?: unknown
}

export interface StoreHealth {
  readonly ok: boolean
  /** What an operator should know, one fixed sentence each; never an address or a secret. Empty when all is well. */
  readonly warnings: readonly string[]
}

/**
 * Where Portcullis keeps its records. Every method is one atomic step, and each rejects (with any error) rather than
 * answer from a guess. Prove an implementation with `storeCases` of `@portcullis/core/testing`.
 */
export interface Store {
  /** Reads records of one partition at one instant, in one round trip. A record past its deadline reads as undefined. */
  read(partition: string, keys: readonly RecordKey[]): Promise<(StoredRecord | undefined)[]>
  /** Applies every write, or none if a check fails. One winner under any concurrency. Durable stores answer once it is durable. */
  commit(partition: string, batch: Batch): Promise<CommitResult>
  /**
   * One page of a collection in sort order. Rejects with `RangeError` for a limit out of range or a cursor that is none
   * of its own. The cursor survives concurrent writes: a record that stays put is neither skipped nor repeated.
   */
  page(partition: string, collection: string, query: PageQuery): Promise<Page>
  /** How many live records of a collection sort within a range. */
  count(partition: string, collection: string, range?: SortRange): Promise<number>
  /**
   * Calls back with each partition that changed, from any process, except for quiet batches; nothing is missed while
   * the watch is vouching, which may begin a moment later. Absent where reads are as cheap as memory.
   */
  watch?(listener: WatchListener): Promise<Watch>
  health(): Promise<StoreHealth>
  /** What `commit` may take for a batch with `confirm` beyond what it takes for others. Absent: nothing. */
  readonly confirmsWithinMs?: number
  /**
   * When the store came back with less of a partition than it had acknowledged, and nobody has accepted that: what was
   * issued before this instant may have been revoked since. As of the last answer about this partition. Absent where
   * nothing acknowledged can be lost, or where it cannot be noticed.
   */
  lossOf?(partition: string): Millis | undefined
  /** Accepts every loss that is known: records are trusted as they are from now on. */
  acceptLoss?(): Promise<void>
  /** Releases every timer, socket and file. Later calls reject. Closing twice is harmless. */
  close(): Promise<void>
}
