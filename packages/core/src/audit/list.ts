import type { Listed, ListQuery } from '../account-index/account-index.js'
import type { GateContext } from '../context/context.js'
import { ifReadable } from '../store/readable.js'
import type { Millis } from '../store/store.js'
import { type AuditEntry, auditEntries } from './entry.js'

export interface AuditFilter {
  readonly actor?: string
  readonly action?: string
  readonly subject?: string
  /** Inclusive. */
  readonly since?: Millis
  /** Inclusive. */
  readonly until?: Millis
}

const EXAMINED_AT_MOST = 1000

/**
 * The audit log, newest first. Reads at most 1000 entries a call: with a narrow filter a page may hold fewer than
 * `limit`, or none, and still have a cursor.
 */
export async function listAudit(
  context: GateContext,
  query: ListQuery & AuditFilter,
): Promise<Listed<AuditEntry>> {
  const items: AuditEntry[] = []
  let cursor = query.cursor
  for (let examined = 0; examined < EXAMINED_AT_MOST && items.length < query.limit; ) {
    const limit = Math.min(query.limit - items.length, EXAMINED_AT_MOST - examined)
    const page = await context.auditChain.store.page(context.auditChain.partition, auditEntries.name, {
      limit,
      order: 'descending',
      ...(cursor === undefined ? {} : { cursor }),
    })
    const entries = page.records.flatMap((record) => ifReadable(context, auditEntries, record) ?? [])
    items.push(...entries.filter((entry) => matches(entry, query)))
    examined += limit
    cursor = page.nextCursor
    if (cursor === undefined) break
  }
  return { items, ...(cursor === undefined ? {} : { nextCursor: cursor }) }
}

function matches(entry: AuditEntry, { actor, action, subject, since, until }: AuditFilter): boolean {
  return (
    (actor === undefined || entry.actor === actor) &&
    (action === undefined || entry.action === action) &&
    (subject === undefined || entry.subject === subject) &&
    (since === undefined || entry.at >= since) &&
    (until === undefined || entry.at <= until)
  )
}
