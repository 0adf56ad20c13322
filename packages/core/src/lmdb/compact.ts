import type { Millis, StoredRecord } from '../store/store.js'
import { enterBlock, leaveBlock } from './blocks.js'
import type { Environment } from './environment.js'
import { deadlinePlace, LAST, orderPlace, type RecordPlace } from './layout.js'

/** Replaces what is kept at a place, with all that points to it. Inside a transaction. */
export function replaceRecord(
  environment: Environment,
  place: RecordPlace,
  record: StoredRecord | undefined,
): void {
  const { records, order, deadlines } = environment
  const before = records.get(mutable(place))
  const isMoved = before?.sort !== record?.sort || before?.expiresAt !== record?.expiresAt
  if (before && isMoved) {
    leaveBlock(environment, orderPlace(place, before), before.expiresAt)
    order.removeSync(mutable(orderPlace(place, before)))
    if (before.expiresAt !== undefined) deadlines.removeSync(mutable(deadlinePlace(place, before.expiresAt)))
  }
  if (!record) {
    if (before) records.removeSync(mutable(place))
    return
  }
  records.putSync(mutable(place), record)
  if (before && !isMoved) return
  order.putSync(mutable(orderPlace(place, record)), record.expiresAt ?? null)
  if (record.expiresAt !== undefined) deadlines.putSync(mutable(deadlinePlace(place, record.expiresAt)), true)
  enterBlock(environment, orderPlace(place, record), record.expiresAt)
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
