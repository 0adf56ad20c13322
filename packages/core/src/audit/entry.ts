import { createHmac } from 'node:crypto'
import type { AuditedActor } from '../authorization/actor.js'
import { collection, count, instant, text } from '../store/collection.js'
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

/** In the order in which they are committed. */
export const LANES: readonly Lane[] = ['essential', 'administrative', 'ordinary']

/**
 * `essential` are bans and revocations; `administrative` is what else administrators and the directory do, such as to lift
 * a ban; `ordinary` is what people and programs do for themselves. A store that is full has to take the first two.
 */
export type Lane = 'essential' | 'administrative' | 'ordinary'

const LANE_OF: Readonly<Record<AuditAction, Lane>> = {
  'account.ban': 'essential',
  'account.force_logout': 'essential',
  'account.sign_out_everywhere': 'essential',
  'account.deactivate': 'essential',
  'session.end': 'essential',
  'token.revoke': 'essential',
  'token.revoke_all': 'essential',
  // It makes room, which a full store needs.
  'audit.prune': 'essential',
  'account.unban': 'administrative',
  'account.activate': 'administrative',
  'store.accept_loss': 'administrative',
  'admin.read': 'ordinary',
  'admin.refused': 'ordinary',
  'session.start': 'ordinary',
  'session.refused': 'ordinary',
  'token.issue': 'ordinary',
}

/** Every action of core's own. */
export const AUDIT_ACTIONS = Object.keys(LANE_OF) as readonly AuditAction[]

/** Throws a `TypeError` for an action that neither core nor a plugin has declared: nothing of it would be true for ever. */
export function laneOf(
  action: AuditAction | PluginAction,
  declared: Readonly<Record<string, Lane>> = {},
): Lane {
  const known: Readonly<Record<string, Lane>> = Object.hasOwn(LANE_OF, action) ? LANE_OF : declared
  const lane = Object.hasOwn(known, action) ? known[action] : undefined
  if (lane === undefined) throw new TypeError(`not an action of the audit log: ${action}`)
  return lane
}
