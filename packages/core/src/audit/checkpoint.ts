import { createHmac } from 'node:crypto'
import { isSameHash } from '../crypto/hash.js'
import { collection, count, instant, text } from '../store/collection.js'
import type { Millis, Put, StoredRecord } from '../store/store.js'
import type { AuditChain } from './chain.js'
import { type Head, NO_HEAD } from './entry.js'

/** Where the chain begins since its older entries were cut off. */
export interface AuditCheckpoint {
  /** Of the last entry that was cut off. */
  readonly sequence: number
  /** Hash of that entry, on which the oldest one that is left builds. */
  readonly hash: string
  readonly at: Millis
  /** How many entries that cut removed. */
  readonly entries: number
}

interface SealedCheckpoint extends AuditCheckpoint {
  /** HMAC-SHA256 over all the other members. */
  readonly seal: string
}

/** One record: where the chain begins. */
export const checkpoints = collection<SealedCheckpoint>(
  'checkpoint',
  { sequence: count, hash: text, at: instant, entries: count, seal: text },
  'checkpoint of the audit log',
)
export const CHECKPOINT = checkpoints.key('checkpoint')

export function putCheckpoint(chain: AuditChain, checkpoint: AuditCheckpoint): Put {
  return checkpoints.put(CHECKPOINT.id, { ...checkpoint, seal: sealOf(chain, checkpoint) })
}

/** What the chain begins after: a genuine checkpoint, nothing while there is none, or `forged`. */
export function readCheckpoint(
  chain: AuditChain,
  record: StoredRecord | undefined,
): AuditCheckpoint | undefined | 'forged' {
  if (!record) return undefined
  const value: unknown = record.value
  if (!checkpoints.accepts(value)) return 'forged'
  const { seal, ...checkpoint } = value
  return isSameHash(sealOf(chain, checkpoint), seal) ? checkpoint : 'forged'
}

export function headAfter(checkpoint: AuditCheckpoint | undefined): Head {
  return checkpoint ? { sequence: checkpoint.sequence, hash: checkpoint.hash } : NO_HEAD
}

/** The name in front keeps a hash of an entry from being passed off as a seal. */
function sealOf({ key, partition }: AuditChain, checkpoint: AuditCheckpoint): string {
  const { sequence, hash, at, entries } = checkpoint
  const content = ['checkpoint', partition, sequence, hash, at, entries]
  return createHmac('sha256', key).update(JSON.stringify(content)).digest('base64url')
}
