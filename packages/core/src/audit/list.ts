import type { Deps } from '../deps.js'
import type { Listed, ListQuery } from '../directory/directory.js'
import { AUDIT, type AuditEntry, ENTRIES } from './entry.js'

/** One page of the audit log, newest first. */
export async function listAudit(deps: Deps, query: ListQuery): Promise<Listed<AuditEntry>> {
  const page = await deps.store.page(AUDIT, ENTRIES, { ...query, order: 'descending' })
  return {
    items: page.records.map((record) => record.value as unknown as AuditEntry),
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
  }
}
