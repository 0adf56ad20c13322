import type { Millis, StoredRecord } from '../store/store.js'
import type { Environment } from './environment.js'
import { deadlinePlace, LAST, orderPlace, type RecordPlace } from './layout.js'

/** Replaces what is kept at a place, with all that points to it. Inside a transaction. */
export function replaceRecord(
  { records, order, deadlines, sizes }: Environment,
  place: RecordPlace,
  record: StoredRecord | undefined,
): void {
  const [partition, collection] = place
  const before = records.get(mutable(place))
  if (before) {
    order.removeSync(mutable(orderPlace(place, before)))
    if (before.expiresAt !== undefined) deadlines.removeSync(mutable(deadlinePlace(place, before.expiresAt)))
  }
  if (record) {
    records.putSync(mutable(place), record)
    order.putSync(mutable(orderPlace(place, record)), true)
    if (record.expiresAt !== undefined)
      deadlines.putSync(mutable(deadlinePlace(place, record.expiresAt)), record.sort)
  } else if (before) records.removeSync(mutable(place))
  const growth = Number(record !== undefined) - Number(before !== undefined)
  if (growth === 0) return
  const size = (sizes.get([partition, collection]) ?? 0) + growth
  if (size === 0) sizes.removeSync([partition, collection])
  else sizes.putSync([partition, collection], size)
}

/** Removes at most `limit` records that are past their deadline, the oldest first. Inside a transaction. */
export function removeExpired(environment: Environment, now: Millis, limit: number): number {
  const expired = [...environment.deadlines.getKeys({ end: [now, LAST] as never, limit })]
  for (const [, partition, collection, id] of expired)
    replaceRecord(environment, [String(partition), String(collection), String(id)], undefined)
  return expired.length
}

function mutable<T extends readonly unknown[]>(place: T): never {
  return place as never
}
