import type { Deps } from '../deps.js'
import { walk } from '../directory/walk.js'
import { AUDIT, type AuditEntry, ENTRIES, HEAD, type Head, hashEntry, NO_HEAD } from './entry.js'

export interface AuditVerification {
  readonly intact: boolean
  readonly entries: number
  /** Sequence number of the first entry that is missing, altered or out of place. */
  readonly brokenAt?: number
  /** Hash of the newest entry. Note it elsewhere: it also proves that nothing was cut off the end later. */
  readonly head: string
}

/** Recomputes the whole chain, oldest first. */
export async function verifyAudit(deps: Deps): Promise<AuditVerification> {
  const [record] = await deps.store.read(AUDIT, [HEAD])
  const head = record ? (record.value as unknown as Head) : NO_HEAD
  let last = NO_HEAD
  for await (const stored of walk(deps, AUDIT, ENTRIES, 'ascending')) {
    if (last.sequence === head.sequence) break
    const { hash, ...unhashed } = stored.value as unknown as AuditEntry
    const follows = unhashed.sequence === last.sequence + 1 && unhashed.previous === last.hash
    if (!follows || hashEntry(deps.auditKey, unhashed) !== hash)
      return { intact: false, entries: last.sequence, brokenAt: last.sequence + 1, head: head.hash }
    last = { sequence: unhashed.sequence, hash }
  }
  const complete = last.sequence === head.sequence && last.hash === head.hash
  return {
    intact: complete,
    entries: last.sequence,
    ...(complete ? {} : { brokenAt: last.sequence + 1 }),
    head: head.hash,
  }
}
