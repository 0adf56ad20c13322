import type { GateEvent } from '../context/event.js'
import { type Denial, denial } from '../errors/denial.js'
import { networkOf } from '../request/client-address.js'
import { counters } from '../store/collection.js'
import type { Clock, Millis, Store } from '../store/store.js'
import type { RateLimitKind, RateLimits } from './limits.js'
import { createTallies } from './tallies.js'
import { minuteOf, type Tally, WINDOW_MS, waitMs } from './window.js'

/** By client and minute. */
export const rateLimitCounts = counters('rate-limits')

/** Of a limit, what a process lets pass before it shares its count with others. */
const UNSHARED_PART = 1 / 16
/** So that a client that does something once leaves nothing in the store. */
const LEAST_UNSHARED = 2
/** Counters that a process begins in the store within a minute. */
const MOST_COUNTERS_A_MINUTE = 10_000
/** Commits under way at once; those that would come on top wait for the client's next request. */
const MOST_COMMITS = 32
const REST_AFTER_FAILURE_MS = 1000
const REPORTED_EVERY_MS = 60_000
/** Partitions of the counters: a cluster spreads them, and there are never more. */
const SHARDS = 16

/**
 * Limits how often one client does one kind of thing, over a sliding minute.
 *
 * A process alone never lets more than the limit pass. Several on one store count together from a sixteenth of the limit
 * on: with N processes at most `limit + (N - 1) × limit / 16` pass, and what is decided while a count is on its way to
 * the store. Nothing waits for the store: while it cannot be reached, each process limits by its own count, and says so
 * (`rate_limits_unshared`).
 *
 * What is refused is neither counted nor written. What passes costs at most one quiet commit, a client below a
 * sixteenth of its limit none; counters live for two minutes, and a process begins at most 10,000 a minute. Of more than
 * 50,000 clients at once those that did little are forgotten, and that is said too (`rate_limits_overflowing`).
 */
export interface RateLimiter {
  /** Counts one; the denial when it is one too many. `client` is what was proven, such as an account. */
  refuseClient(kind: RateLimitKind, client: string): Denial | undefined
  /** Counts one by address. Without an address nothing is counted, and that is said once (`client_address_unknown`). */
  refuseAddress(kind: RateLimitKind, address: string | undefined): Denial | undefined
}

export interface RateLimiterContext {
  readonly limits: RateLimits
  readonly store: Pick<Store, 'commit'>
  readonly clock: Clock
  /** A name for the store that tells nobody which client it is. */
  readonly nameOf: (client: string) => string
  readonly report: (event: GateEvent) => void
}

export function createRateLimiter(context: RateLimiterContext): RateLimiter {
  const { limits, store, clock, nameOf } = context
  const begun = { minute: 0, counters: 0 }
  const reported = new Map<string, Millis>()
  let commits = 0
  let restingUntil = 0

  const report = (code: string, detail: string, cause?: unknown) => {
    const now = clock()
    if (now - (reported.get(code) ?? Number.NEGATIVE_INFINITY) < REPORTED_EVERY_MS) return
    reported.set(code, now)
    context.report({ level: 'warn', code, detail, ...(cause === undefined ? {} : { cause }) })
  }

  const tallies = createTallies(() =>
    report('rate_limits_overflowing', 'More clients than can be counted at once; some were forgotten'),
  )

  const mayBegin = (minute: number): boolean => {
    if (begun.minute !== minute) Object.assign(begun, { minute, counters: 0 })
    begun.counters += 1
    return begun.counters <= MOST_COUNTERS_A_MINUTE
  }

  const share = (key: string, tally: Tally): void => {
    const { minute } = tally
    const amount = tally.count - tally.shared
    if (amount <= 0 || tally.isSharing || commits >= MOST_COMMITS || clock() < restingUntil) return
    if (tally.shared === 0 && !mayBegin(minute)) return
    // Whether a commit that failed was made nobody knows: it is not made again.
    tally.shared += amount
    tally.isSharing = true
    commits += 1
    const name = nameOf(key)
    const counted = rateLimitCounts.add(`${name}:${minute}`, amount, { expiresAt: (minute + 2) * WINDOW_MS })
    store
      .commit(`rate-limits-${shardOf(name)}`, { quiet: true, writes: [counted] })
      .then(
        (result) => {
          const total = result.committed ? result.totals[0] : undefined
          if (total !== undefined) tally.others = Math.max(total - tally.shared, 0)
        },
        (cause: unknown) => {
          restingUntil = clock() + REST_AFTER_FAILURE_MS
          report('rate_limits_unshared', 'Rate limits hold for each process by itself', cause)
        },
      )
      .finally(() => {
        commits -= 1
        tally.isSharing = false
        share(key, tally)
      })
  }

  const refuseClient = (kind: RateLimitKind, client: string): Denial | undefined => {
    const limit = limits[`${kind}PerMinute`]
    if (limit === 'off') return undefined
    const now = clock()
    const key = `${kind} ${client}`
    const tally = tallies.of(key, minuteOf(now))
    const wait = waitMs(tally, limit, now)
    // Exactly at the end of the wait nothing has become free yet.
    if (wait > 0) return denial('rate_limited', { retryAfterSeconds: Math.floor(wait / 1000) + 1 })
    tally.count += 1
    if (tally.count >= Math.max(LEAST_UNSHARED, limit * UNSHARED_PART)) share(key, tally)
    return undefined
  }

  return {
    refuseClient,
    refuseAddress(kind, address) {
      if (address !== undefined) return refuseClient(kind, networkOf(address))
      if (limits[`${kind}PerMinute`] !== 'off' && !reported.has('client_address_unknown'))
        report('client_address_unknown', 'Requests come without an address: limits by address do not hold')
      return undefined
    },
  }
}

function shardOf(name: string): number {
  return name.charCodeAt(0) % SHARDS
}
