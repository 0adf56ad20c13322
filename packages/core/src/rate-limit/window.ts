import type { Millis } from '../store/store.js'

export const WINDOW_MS = 60_000

/** What one client did within a minute of the clock, and in the minute before. */
export interface Tally {
  /** Minutes since the epoch. */
  readonly minute: number
  /** In the minute before, of all processes as far as known. */
  readonly before: number
  /** In this minute, in this process. */
  count: number
  /** How much of `count` was added to the counter that processes share. */
  shared: number
  /** In this minute, in other processes, as of the last answer of the store. */
  others: number
  isSharing: boolean
}

export function minuteOf(now: Millis): number {
  return Math.floor(now / WINDOW_MS)
}

export function newTally(minute: number, last: Tally | undefined): Tally {
  const before = last?.minute === minute - 1 ? last.count + last.others : 0
  return { minute, before, count: 0, shared: 0, others: 0, isSharing: false }
}

/**
 * How long until one more is within the limit; 0 when it is now. The minute before counts by the part of it that lies
 * less than a minute back, as if what happened in it was spread evenly: no burst at the turn of a minute passes twice.
 */
export function waitMs(tally: Tally, limit: number, now: Millis): number {
  const elapsed = Math.min(Math.max(now - tally.minute * WINDOW_MS, 0), WINDOW_MS)
  const used = tally.count + tally.others
  const weight = 1 - elapsed / WINDOW_MS
  if (used + tally.before * weight < limit) return 0
  if (used < limit) return (1 - (limit - used) / tally.before) * WINDOW_MS - elapsed
  return WINDOW_MS - elapsed + (1 - limit / used) * WINDOW_MS
}
