import { StoreFullError } from '../errors/portcullis-error.js'
import type { StoreEvent } from './store.js'

const REPORTED_EVERY_MS = 60_000

/** Reports, once a minute at most, that the store refuses records because it is full. */
export function reportFullStore({
  onEvent,
}: {
  readonly onEvent: (event: StoreEvent) => void
}): (cause: unknown) => void {
  let reportedAt = Number.NEGATIVE_INFINITY
  return (cause) => {
    const now = performance.now()
    if (!(cause instanceof StoreFullError) || now - reportedAt < REPORTED_EVERY_MS) return
    reportedAt = now
    onEvent({
      level: 'error',
      code: 'store_full',
      detail: 'The store is full: it takes bans and revocations, and no ordinary records',
      cause,
    })
  }
}
