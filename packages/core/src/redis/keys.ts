/**
 * How records lie in Redis. Everything of a partition carries the partition as its hash tag, hence lies in one slot:
 *
 * - `PREFIX:{PARTITION}:COLLECTION` is a hash, id → `version|sort|deadline|value as JSON`
 * - `…:COLLECTION:order` is a sorted set, id by sort
 * - `…:COLLECTION:deadlines` is a sorted set, id by deadline, of the records that have one
 *
 * Partition names are HMACs, so no key tells whose it is.
 */
export interface CollectionKeys {
  readonly records: string
  readonly order: string
  readonly deadlines: string
}

export function collectionKeys(prefix: string, partition: string, collection: string): CollectionKeys {
  const records = `${prefix}:{${escapeName(partition)}}:${escapeName(collection)}`
  return { records, order: `${records}:order`, deadlines: `${records}:deadlines` }
}

/** Keeps any two names apart and every brace and colon out: `%` and the hexadecimal code unit. */
function escapeName(name: string): string {
  return name === ''
    ? '%'
    : name.replace(/[^\w-]/g, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const ESCAPED = '\u0000'
const LONE_SURROGATE = /\p{Surrogate}/u

/** An id as Redis keeps it. UTF-8 cannot carry a lone surrogate, which two ids may differ by. */
export function encodeId(id: string): string {
  return LONE_SURROGATE.test(id) || id.startsWith(ESCAPED) ? ESCAPED + escapeName(id) : id
}

export function decodeId(kept: string): string {
  if (!kept.startsWith(ESCAPED)) return kept
  const escaped = kept.slice(1)
  if (escaped === '%') return ''
  return escaped.replace(/%([0-9a-f]{4})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}
