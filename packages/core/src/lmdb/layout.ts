import { createHash } from 'node:crypto'
import type { RecordKey, StoredRecord } from '../store/store.js'

/**
 * How records lie in LMDB, each line a database of the environment:
 *
 * - `records`: [partition, collection, id] → the record, with its true id
 * - `order`: [partition, collection, sort, id] → deadline, null for none; walked by `page`
 * - `deadlines`: [deadline, partition, collection, id] → nothing; walked by compaction
 * - `blocks`: [partition, collection, sort, id] → the deadlines of some hundred records that follow in `order` from there
 *   to the next block, sorted; walked by `count`
 * - `meta`: what the store as a whole is
 */
export type RecordPlace = readonly [partition: string, collection: string, id: string]
export type OrderPlace = readonly [partition: string, collection: string, sort: number, id: string]
export type DeadlinePlace = readonly [deadline: number, partition: string, collection: string, id: string]

/** Sorts behind every key part. */
export const LAST = '\u{10ffff}'

// A private-use character, which no plain name has; lmdb cannot read back control characters in long keys.
const HASH_FOLLOWS = '\ue000'
// Three parts, each with a hash, have to fit into the 1978 bytes of a key. Only classes of characters that no future
// version of Unicode changes: what is plain today has to be plain after an upgrade of Node.
const PLAIN = /^[^\p{Cc}\p{Cs}\p{Co}\u{10ffff}]{0,128}/u

/**
 * A name as part of a key. LMDB keys are short and cannot carry every character, so a name that is long or hostile
 * keeps its plain beginning, for the order, and ends in a hash, which keeps any two apart.
 */
export function keyPart(name: string): string {
  const [plain = ''] = PLAIN.exec(name) ?? []
  if (plain.length === name.length) return name
  return `${plain}${HASH_FOLLOWS}${createHash('sha256').update(name, 'utf16le').digest('base64url')}`
}

export function recordPlace(partition: string, { collection, id }: RecordKey): RecordPlace {
  return [keyPart(partition), keyPart(collection), keyPart(id)]
}

export function orderPlace(
  [partition, collection, id]: RecordPlace,
  { sort }: Pick<StoredRecord, 'sort'>,
): OrderPlace {
  return [partition, collection, sort, id]
}

export function deadlinePlace([partition, collection, id]: RecordPlace, deadline: number): DeadlinePlace {
  return [deadline, partition, collection, id]
}
