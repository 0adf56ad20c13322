import type { Add, Batch, CommitResult, JsonValue, Millis, RecordKey, StoredRecord } from './store.js'

export interface PlannedWrite {
  readonly key: RecordKey
  /** Undefined: the record goes. */
  readonly record: StoredRecord | undefined
}

export interface Plan {
  readonly result: CommitResult
  /** Empty when the batch is refused or was seen before. */
  readonly writes: readonly PlannedWrite[]
}

export interface PlanContext {
  readonly now: Millis
  /** The live record as it stands; called inside the transaction that will write. */
  readonly live: (key: RecordKey) => StoredRecord | undefined
  readonly newVersion: () => string
}

const ONCE = '\u0000once'

/**
 * What a batch comes to, before anything is written: checks, counters and idempotency in one place for the stores that
 * run them in this process. Throws `TypeError` for an `add` to what is no counter.
 */
export function planBatch(batch: Batch, { now, live, newVersion }: PlanContext): Plan {
  const onceKey = batch.once && { collection: ONCE, id: batch.once.key }
  const before = onceKey && live(onceKey)
  if (before) return refusal({ committed: true, totals: before.value as number[], repeated: true })

  const failed = (batch.checks ?? []).findIndex(
    ({ key, version }) => (live(key)?.version ?? null) !== version,
  )
  if (failed >= 0) return refusal({ committed: false, refusedBy: 'check', index: failed })

  const staged = new Map<string, PlannedWrite>()
  const current = (key: RecordKey) => {
    const written = staged.get(nameOf(key))
    return written ? written.record : live(key)
  }
  const stage = (key: RecordKey, content: Content | undefined) => {
    const record =
      content && isLive(content, now) ? { ...content, id: key.id, version: newVersion() } : undefined
    staged.set(nameOf(key), { key, record })
  }
  const totals: number[] = []
  for (const [index, write] of batch.writes.entries()) {
    if ('put' in write) stage(write.put, contentOf(write.value, write))
    else if ('delete' in write) stage(write.delete, undefined)
    else {
      const counter = current(write.add)
      const total = sum(counter?.value ?? 0, write)
      if (write.atMost !== undefined && total > write.atMost)
        return refusal({ committed: false, refusedBy: 'limit', index })
      stage(
        write.add,
        counter ? { ...counter, value: total } : contentOf(total, { expiresAt: write.expiresAt }),
      )
      totals.push(total)
    }
  }
  if (onceKey && batch.once) stage(onceKey, contentOf(totals, batch.once))
  return { result: { committed: true, totals, repeated: false }, writes: [...staged.values()] }
}

type Content = Omit<StoredRecord, 'id' | 'version'>

function refusal(result: CommitResult): Plan {
  return { result, writes: [] }
}

function contentOf(
  value: JsonValue,
  { sort = 0, expiresAt }: { sort?: number | undefined; expiresAt?: Millis | undefined },
): Content {
  if (!Number.isFinite(sort)) throw new TypeError('sort must be a finite number')
  return { value, sort: sort + 0, ...(expiresAt === undefined ? {} : { expiresAt }) }
}

function sum(before: JsonValue, { amount }: Add): number {
  const total = typeof before === 'number' ? before + amount : Number.NaN
  if (!Number.isSafeInteger(total) || !Number.isSafeInteger(amount))
    throw new TypeError('The record is no counter, or its sum no safe integer')
  return total
}

function nameOf({ collection, id }: RecordKey): string {
  return JSON.stringify([collection, id])
}

export function isLive(record: { readonly expiresAt?: Millis }, now: Millis): boolean {
  return record.expiresAt === undefined || record.expiresAt > now
}
