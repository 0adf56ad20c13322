import type { Deps } from '../context/context.js'
import type { Millis } from '../store/store.js'

/**
 * Whether a credential was issued before the store lost records, so that nobody knows whether it was revoked. Ask after
 * the records of the partition were read.
 */
export function isFromBeforeLoss(deps: Deps, partition: string, issuedAt: Millis): boolean {
  if (deps.options.onDataLoss === 'accept') return false
  const lostAt = deps.store.lossOf?.(partition)
  return lostAt !== undefined && issuedAt <= lostAt
}
