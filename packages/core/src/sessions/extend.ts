import type { GateContext } from '../context/context.js'
import { enterLive } from '../standing/live-counts.js'
import type { StoredRecord } from '../store/store.js'
import { type SessionKey, sessionRecords } from './session.js'

/**
 * Moves the idle limit of a session that was just used. Never past its absolute limit, at most once per
 * `extendEverySeconds`, and never reviving one that ended meanwhile: the commit checks the version that was read.
 */
export async function extendSession(
  context: GateContext,
  key: SessionKey,
  stored: StoredRecord,
): Promise<void> {
  const record = sessionRecords.read(stored)
  const now = context.clock()
  const { extendEverySeconds, idleSeconds } = context.options.sessions
  if (now - record.lastSeenAt < extendEverySeconds * 1000) return
  const expiresAt = Math.min(now + idleSeconds * 1000, record.absoluteExpiresAt)
  const { createdAt, generation } = record
  await context.store.commit(key.partition, {
    checks: [{ key: sessionRecords.key(key.id), version: stored.version }],
    writes: [
      sessionRecords.put(key.id, { ...record, lastSeenAt: now }, { sort: stored.sort, expiresAt }),
      enterLive('sessions', { generation, id: key.id, createdAt, expiresAt }),
    ],
  })
}
