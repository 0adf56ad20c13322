import type { GateContext } from '../context/context.js'
import type { StoredRecord } from '../store/store.js'
import { walk } from '../store/walk.js'
import { type AuditChain, headOf, readHead } from './chain.js'
import { type AuditCheckpoint, CHECKPOINT, headAfter, readCheckpoint } from './checkpoint.js'
import { type AuditEntry, auditEntries, HEAD, type Head, hashEntry, heads } from './entry.js'

export interface AuditVerification {
  readonly intact: boolean
  /** How many were found in order. */
  readonly entries: number
  /** Sequence number of the first entry that is missing, altered or out of place; 1 when the checkpoint is forged or the head damaged. */
  readonly brokenAt?: number
  /** Hash of the newest entry. Note it elsewhere: it also proves that nothing was cut off the end later. */
  readonly head: string
  /** After which entry the verification began; absent while nothing was ever cut off by the retention. */
  readonly checkpoint?: AuditCheckpoint
}

/**
 * Recomputes the whole chain from its checkpoint on, oldest first. Finds an entry that was changed, removed, added or
 * moved, a head that was removed or set back behind entries that are there or that this process has seen, and a checkpoint
 * that no retention wrote. Entries may be appended and cut off meanwhile.
 */
export async function verifyAudit(context: GateContext): Promise<AuditVerification> {
  const { auditChain: chain } = context
  const [headRecord, checkpointRecord] = await chain.store.read(chain.partition, [HEAD, CHECKPOINT])
  if (headRecord && !heads.accepts(headRecord.value))
    return { intact: false, entries: 0, brokenAt: 1, head: '' }
  const head = headOf(headRecord)
  const checkpoint = readCheckpoint(chain, checkpointRecord)
  if (checkpoint === 'forged') return { intact: false, entries: 0, brokenAt: 1, head: head.hash }
  const first = headAfter(checkpoint)
  const isBeforeCheckpoint = head.sequence < first.sequence
  const walked = isBeforeCheckpoint
    ? { follows: false, entries: 0, last: first }
    : await walkChain(context, first, head)
  const intact = walked.follows && isAt(walked.last, head) && !isSetBack(chain, head)
  return {
    intact,
    entries: walked.entries,
    ...(intact ? {} : { brokenAt: walked.last.sequence + 1 }),
    head: head.hash,
    ...(checkpoint ? { checkpoint } : {}),
  }
}

interface Walked {
  readonly last: Head
  readonly entries: number
  /** False when the walk met an entry that does not belong where it is. */
  readonly follows: boolean
}

async function walkChain(context: GateContext, first: Head, head: Head): Promise<Walked> {
  const { auditChain: chain } = context
  let last = first
  let entries = 0
  for await (const stored of walk(context, chain.partition, auditEntries.name, 'ascending')) {
    const sequence = entryOf(stored)?.sequence
    if (sequence === undefined) return { last, entries, follows: false }
    if (last.sequence === head.sequence && sequence > head.sequence)
      return { last, entries, follows: (await readHead(chain)).sequence >= sequence }
    let next = linkAfter(chain, last, stored)
    if (!next) {
      const cut = await cutMeanwhile(chain, last)
      if (cut && sequence <= cut.sequence) continue
      next = cut && linkAfter(chain, cut, stored)
    }
    if (!next) return { last, entries, follows: false }
    last = next
    entries += 1
  }
  return { last, entries, follows: true }
}

/** The chain as far as this entry, or undefined when the entry does not belong after `last`. */
export function linkAfter(chain: AuditChain, last: Head, stored: StoredRecord): Head | undefined {
  const entry = entryOf(stored)
  if (!entry) return undefined
  const { hash, ...unhashed } = entry
  const follows = unhashed.sequence === last.sequence + 1 && unhashed.previous === last.hash
  return follows && hashEntry(chain.key, unhashed) === hash
    ? { sequence: unhashed.sequence, hash }
    : undefined
}

/** Undefined for a record that is no entry. */
export function entryOf({ value }: StoredRecord): AuditEntry | undefined {
  return auditEntries.accepts(value) ? value : undefined
}

/** Where the chain begins now, when the retention has cut off what was to be walked next. */
async function cutMeanwhile(chain: AuditChain, last: Head): Promise<Head | undefined> {
  const [record] = await chain.store.read(chain.partition, [CHECKPOINT])
  const checkpoint = readCheckpoint(chain, record)
  if (checkpoint === undefined || checkpoint === 'forged') return undefined
  return checkpoint.sequence > last.sequence ? headAfter(checkpoint) : undefined
}

function isAt(last: Head, head: Head): boolean {
  return last.sequence === head.sequence && last.hash === head.hash
}

function isSetBack({ newest }: AuditChain, head: Head): boolean {
  return head.sequence < newest.sequence
}
