import type { PluginContext } from '../plugin/context.js'
import { networkOf } from '../request/client-address.js'
import { counters } from '../store/collection.js'
import type { Add, Millis } from '../store/store.js'
import { DEVICE_LIFETIME_SECONDS } from './request.js'

/**
 * How many requests may be open at once, of everybody: all that strangers can make the gate store here. They are counted
 * by the ten minutes in which they began, half of them for each, and given back once somebody has decided.
 */
const MOST_OPEN = 10_000
/** Of those, by one address. */
const MOST_OPEN_BY_ADDRESS = 400

export const openRequests = counters('open')
const LIFETIME_MS = DEVICE_LIFETIME_SECONDS * 1000

/** Counts a request that begins, in the batch that stores it: in total first, then by address. */
export function countOpen(
  context: Pick<PluginContext, 'clock' | 'partitionOf'>,
  address: string | undefined,
): Add[] {
  const span = spanOf(context.clock())
  const count = (id: string, most: number): Add =>
    openRequests.add(`${id}:${span}`, 1, { atMost: most / 2, expiresAt: endOf(span) })
  const all = count('all', MOST_OPEN)
  if (address === undefined) return [all]
  return [all, count(context.partitionOf(`address ${networkOf(address)}`), MOST_OPEN_BY_ADDRESS)]
}

/** Gives back what `countOpen` counted. */
export function giveBack(createdAt: Millis, countedBy: readonly string[]): Add[] {
  const expiresAt = endOf(spanOf(createdAt))
  return countedBy.map((id) => openRequests.add(id, -1, { expiresAt }))
}

function spanOf(instant: Millis): number {
  return Math.floor(instant / LIFETIME_MS)
}

/** A request outlives the ten minutes in which it began by ten more at most. */
function endOf(span: number): Millis {
  return (span + 2) * LIFETIME_MS
}
