import { createHmac } from 'node:crypto'
import type { AuditedActor } from '../authorization/actor.js'
import { collection } from '../store/collection.js'
import { count, instant, text } from '../store/shape.js'
import type { Millis, RecordKey } from '../store/store.js'

/** What may be recorded. `subject` is the account or thing it was done to. */
export interface AuditedAction extends AuditedActor {
  readonly action: AuditAction | PluginAction
  readonly subject: string
  /** Short facts that help a reader: ids, durations, reasons. Never a credential. */
  readonly details?: Readonly<Record<string, string | number | boolean>>
  /**
   * What became of the action that the same actor had recorded before: `failed`, it certainly did not happen; `unknown`,
   * the store did not answer, so that it may have happened in whole, in part or not at all.
   */
  readonly outcome?: 'failed' | 'unknown'
}

export type AuditAction =
  | 'account.ban'
  | 'account.unban'
  | 'account.force_logout'
  | 'account.sign_out_everywhere'
  | 'session.start'
  | 'session.refused'
  | 'session.end'
  | 'token.issue'
  | 'token.revoke'
  | 'token.revoke_all'
  | 'refresh.start'
  | 'refresh.reuse'
  | 'refresh.revoke'
  | 'authorization_code.reuse'
  | 'device.approve'
  | 'device.deny'
  | 'account.deactivate'
  | 'account.activate'
  | 'store.accept_loss'
  | 'audit.prune'
  | 'admin.read'
  | 'admin.refused'

/** An action that a plugin has declared. */
export type PluginAction = `${string}.${string}`

export interface AuditEntry extends AuditedAction {
  /** 1, 2, 3 … without gaps. */
  readonly sequence: number
  readonly at: Millis
  /** Hash of the entry before; of nothing for the first. */
  readonly previous: string
  /** HMAC-SHA256 over all the other members. */
  readonly hash: string
}

/** By sequence number. */
export const auditEntries = collection<AuditEntry>(
  'entries',
  {
    sequence: count,
    at: instant,
    action: text,
    actor: text,
    subject: text,
    previous: text,
    hash: text,
  },
  'audit entry',
)

export function entryKey(sequence: number): RecordKey {
  return auditEntries.key(String(sequence))
}

export interface Head {
  readonly sequence: number
  readonly hash: string
}

/** One record: the end of the chain. */
export const heads = collection<Head>('head', { sequence: count, hash: text }, 'head of the audit log')
export const HEAD = heads.key('head')

export const NO_HEAD: Head = { sequence: 0, hash: '' }

export function hashEntry(key: Uint8Array, entry: Omit<AuditEntry, 'hash'>): string {
  const details = Object.entries(entry.details ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const content = [
    entry.sequence,
    entry.at,
    entry.action,
    entry.actor,
    entry.subject,
    entry.outcome ?? 'done',
    details,
    entry.previous,
    // Entries of a gate that did not record credentials yet verify as they were written.
    ...(entry.credential ? [[entry.credential, entry.address ?? '', entry.requestId ?? '']] : []),
  ]
  return createHmac('sha256', key).update(JSON.stringify(content)).digest('base64url')
}
