import { type Collection, isUnreadable } from './collection.js'
import type { StoredRecord, StoreEvent } from './store.js'

/** Names a record that cannot be read. */
export type ReportUnreadable = (collection: string, id: string) => void

const REPORTED_AT_MOST = 1000

/**
 * For lists and housekeeping, which go on without a record that cannot be read: what `read` makes of it, or undefined
 * once it is reported. Not for decisions.
 */
export function ifReadable<T>(
  { reportUnreadable }: { readonly reportUnreadable: ReportUnreadable },
  { name, read }: Pick<Collection<T>, 'name' | 'read'>,
  stored: StoredRecord,
): T | undefined {
  try {
    return read(stored)
  } catch (error) {
    if (!isUnreadable(error)) throw error
    reportUnreadable(name, stored.id)
    return undefined
  }
}

/** Reports each unreadable record once, and no more than a thousand of them. */
export function reportOnce(report: (event: StoreEvent) => void): ReportUnreadable {
  const reported = new Set<string>()
  return (collection, id) => {
    const name = `${collection} ${JSON.stringify(id.slice(0, 128))}`
    if (reported.has(name) || reported.size >= REPORTED_AT_MOST) return
    reported.add(name)
    const detail = `A record cannot be read and is left out of lists: ${name}`
    report({ level: 'error', code: 'record_unreadable', detail })
  }
}
