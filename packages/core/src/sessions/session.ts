import type { GateContext } from '../context/context.js'
import { sha256 } from '../crypto/hash.js'
import { liveRecords } from '../standing/live-counts.js'
import { collection, count, hasShape, instant, optional, present, text, texts } from '../store/collection.js'
import type { Millis, StoredRecord, Write } from '../store/store.js'

/** Who the session belongs to and how it began; kept encrypted. */
export interface SessionFacts {
  readonly email: string
  readonly name?: string
  readonly groups: readonly string[]
  readonly ip?: string
  readonly userAgent?: string
  readonly issuer: string
  readonly subject: string
  readonly idToken: string
  readonly providerSessionId?: string
}

/** The record. Its deadline is the earlier of the idle and the absolute limit. */
export interface SessionRecord {
  readonly createdAt: Millis
  readonly lastSeenAt: Millis
  readonly absoluteExpiresAt: Millis
  readonly generation: number
  readonly sealed: string
}

export const sessionRecords = collection<SessionRecord>(
  'sessions',
  { createdAt: instant, lastSeenAt: instant, absoluteExpiresAt: instant, generation: count, sealed: text },
  'session',
)

const isSessionFacts = hasShape<SessionFacts>({
  email: text,
  name: optional(text),
  groups: texts,
  ip: optional(text),
  userAgent: optional(text),
  issuer: text,
  subject: text,
  idToken: text,
  providerSessionId: optional(text),
})

/** Names a session without being able to act as it: partition and hash of the secret. */
export interface SessionKey {
  readonly partition: string
  readonly id: string
}

const COOKIE_VALUE = /^([\w-]{22})\.([\w-]{43})$/

/** The session that a cookie value claims to be, or undefined for anything that we cannot have written. */
export function parseCookieValue(value: string): SessionKey | undefined {
  const [, partition, secret] = COOKIE_VALUE.exec(value) ?? []
  return partition && secret ? { partition, id: hashSecret(secret) } : undefined
}

/** Only this hash is stored: whoever reads the store cannot make a cookie of it. */
export function hashSecret(secret: string): string {
  return sha256(secret)
}

/** The opaque handle that administration shows. Same form as a cookie, but its hash finds nothing. */
export function handleOf({ partition, id }: SessionKey): string {
  return `${partition}.${id}`
}

const HANDLE = COOKIE_VALUE

export function parseHandle(handle: string): SessionKey | undefined {
  const [, partition, id] = HANDLE.exec(handle) ?? []
  return partition && id ? { partition, id } : undefined
}

/** Much longer than it takes to ask about everything that runs. */
const END_KNOWN_MS = 3_600_000

/** What ends one session. */
export function endingOf(id: string, generation: number, now: Millis): readonly Write[] {
  return [
    sessionRecords.delete(id),
    liveRecords('sessions', generation).delete(id),
    endedSessions.put(id, true, { expiresAt: now + END_KNOWN_MS }),
  ]
}

/** That a session was ended, for those who ask whether it has just expired. */
export const endedSessions = collection<true>('ended-sessions', present)

export function sealingContext({ partition, id }: SessionKey): string {
  return `session:${partition}:${id}`
}

export interface Session extends SessionFacts {
  readonly key: SessionKey
  readonly createdAt: Millis
  readonly lastSeenAt: Millis
  readonly expiresAt: Millis
  readonly generation: number
}

/**
 * The decrypted session, or undefined when it was sealed for another place or by a secret that is gone. Throws
 * `store_unavailable` for a record that cannot be read.
 */
export function openSession(
  context: GateContext,
  key: SessionKey,
  stored: StoredRecord,
): Session | undefined {
  const record = sessionRecords.read(stored)
  const facts: unknown = context.sealer.open(sealingContext(key), record.sealed)
  if (!isSessionFacts(facts) || context.partitionOf(facts.email) !== key.partition) return undefined
  return {
    ...facts,
    key,
    createdAt: record.createdAt,
    lastSeenAt: record.lastSeenAt,
    expiresAt: stored.expiresAt ?? record.absoluteExpiresAt,
    generation: record.generation,
  }
}
