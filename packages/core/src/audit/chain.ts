import type { Clock, RecordKey, Store, StoredRecord } from '../store/store.js'
import {
  type AuditEntry,
  type AuditedAction,
  auditEntries,
  entryKey,
  HEAD,
  type Head,
  hashEntry,
  heads,
  NO_HEAD,
} from './entry.js'

/** A chain of entries under one head, in a partition of its own. */
export interface AuditChain {
  readonly store: Store
  readonly partition: string
  /** Keys the hashes. */
  readonly key: Uint8Array
  readonly clock: Clock
  /** The newest head that this process has seen: a stored one that is older has been set back. */
  newest: Head
}

/** What is to be appended in one commit. */
export interface Group {
  readonly recorded: readonly AuditedAction[]
  readonly essential: boolean
}

/** What an attempt to extend a chain came to. */
export type Extension =
  | {
      readonly extended: true
      readonly entries: readonly AuditEntry[]
      /** Those of `unanswered` that are stored; under the head that has moved now, the others never will be. */
      readonly landed: readonly AuditEntry[]
    }
  /** Somebody else extended the chain meanwhile: nothing was written. */
  | { readonly extended: false }

export async function readHead(chain: AuditChain): Promise<Head> {
  const [record] = await chain.store.read(chain.partition, [HEAD])
  return headOf(record)
}

export function headOf(record: StoredRecord | undefined): Head {
  return record ? heads.read(record) : NO_HEAD
}

/** Which of the entries whose commit was not answered are stored. */
export async function findLanded(
  chain: AuditChain,
  unanswered: readonly AuditEntry[],
): Promise<readonly AuditEntry[]> {
  return landedOf(unanswered, await chain.store.read(chain.partition, unanswered.map(keyOf)))
}

/**
 * Appends a group of entries in one commit under the head. `choose` says which at the last moment before; `sent` hears
 * of them then, since they may be stored when this rejects later. An empty group writes nothing.
 */
export async function extendChain(
  chain: AuditChain,
  {
    unanswered,
    choose,
    sent,
  }: {
    unanswered: readonly AuditEntry[]
    choose: () => Group
    sent: (entries: readonly AuditEntry[]) => void
  },
): Promise<Extension> {
  const [record, ...found] = await chain.store.read(chain.partition, [HEAD, ...unanswered.map(keyOf)])
  const { recorded, essential } = choose()
  const entries = linkTo(chain, headOf(record), recorded)
  const last = entries.at(-1)
  if (!last) return { extended: false }
  sent(entries)
  const result = await chain.store.commit(chain.partition, {
    quiet: true,
    ...(essential ? { essential } : {}),
    checks: [{ key: HEAD, version: record?.version ?? null }],
    writes: [
      heads.put(HEAD.id, { sequence: last.sequence, hash: last.hash }),
      ...entries.map((entry) => auditEntries.put(String(entry.sequence), entry, { sort: entry.sequence })),
    ],
  })
  if (!result.committed) return { extended: false }
  if (last.sequence > chain.newest.sequence) chain.newest = { sequence: last.sequence, hash: last.hash }
  return { extended: true, entries, landed: landedOf(unanswered, found) }
}

function keyOf({ sequence }: AuditEntry): RecordKey {
  return entryKey(sequence)
}

function landedOf(
  unanswered: readonly AuditEntry[],
  records: readonly (StoredRecord | undefined)[],
): readonly AuditEntry[] {
  return unanswered.filter(({ hash }, index) => {
    const value = records[index]?.value
    return auditEntries.accepts(value) && value.hash === hash
  })
}

function linkTo(chain: AuditChain, head: Head, recorded: readonly AuditedAction[]): readonly AuditEntry[] {
  const at = chain.clock()
  let last = head
  return recorded.map((action) => {
    const unhashed = { ...action, sequence: last.sequence + 1, at, previous: last.hash }
    const entry: AuditEntry = { ...unhashed, hash: hashEntry(chain.key, unhashed) }
    last = entry
    return entry
  })
}
