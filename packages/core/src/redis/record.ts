import type { JsonValue, StoredRecord } from '../store/store.js'

/** Reads the kept text of a record: `version|sort|deadline|value`. */
export function readRecord(id: string, text: string): StoredRecord {
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
