import { PortcullisError, StoreFullError } from '../errors/portcullis-error.js'
import type { Store, StoreEvent } from './store.js'

/** So many calls may have passed their deadline and still be under way in the store. */
const ABANDONED_AT_MOST = 1000
/** So many more are tried while there are more of them, to find out whether the store answers again. */
const TRIED_MEANWHILE = 10

/**
 * The store, answering within `milliseconds` or rejecting with `store_unavailable`, whatever went wrong in it; only a
 * `RangeError`, which is the caller's doing, passes. An answer that comes later is dropped. `health` never rejects: it
 * says that the store is not well. `watch` and `close` take the time that they take.
 *
 * Calls that the store holds on to beyond their deadline are counted: while there are a thousand of them, all but ten at
 * a time of the calls are rejected at once, except for essential commits and those to be confirmed. Behind a store that
 * stalls no queue grows.
 *
 * `report` hears of everything that the store itself rejected with, also after the deadline; what it throws is dropped.
 */
export function withDeadline(
  store: Store,
  milliseconds: number,
  report: (error: unknown) => void = () => {},
): Store {
  let abandoned = 0
  let waiting = 0
  const bounded = <T>(answer: () => Promise<T>, { extra = 0, isUrgent = false } = {}): Promise<T> =>
    new Promise((resolve, reject) => {
      if (abandoned >= ABANDONED_AT_MOST && waiting >= TRIED_MEANWHILE && !isUrgent) {
        reject(unavailable('The store has not answered a thousand calls'))
        return
      }
      const limit = milliseconds + extra
      let isAbandoned = false
      let isOver = false
      waiting += 1
      const abandon = () => {
        if (isOver) return
        isAbandoned = true
        abandoned += 1
        waiting -= 1
        reject(unavailable(`The store did not answer within ${limit} ms`))
      }
      // An answer that has arrived while this process was busy is read before the deadline counts.
      const timer = setTimeout(() => setImmediate(abandon), limit)
      Promise.resolve()
        .then(answer)
        .then(resolve, (cause: unknown) => {
          reject(unavailable('The store failed', cause))
          if (!(cause instanceof RangeError)) report(cause)
        })
        .catch(() => {})
        .finally(() => {
          clearTimeout(timer)
          isOver = true
          if (isAbandoned) abandoned -= 1
          else waiting -= 1
        })
    })
  return {
    read: (partition, keys) => bounded(() => store.read(partition, keys)),
    commit: (partition, batch) =>
      bounded(() => store.commit(partition, batch), {
        ...(batch.confirm && store.confirmsWithinMs !== undefined ? { extra: store.confirmsWithinMs } : {}),
        isUrgent: batch.essential === true || batch.confirm === true,
      }),
    page: (partition, collection, query) => bounded(() => store.page(partition, collection, query)),
    count: (partition, collection, range) => bounded(() => store.count(partition, collection, range)),
    ...(store.watch && { watch: store.watch.bind(store) }),
    health: () =>
      bounded(() => store.health()).catch(() => ({ ok: false, warnings: ['The store does not answer.'] })),
    ...(store.lossOf && { lossOf: store.lossOf.bind(store) }),
    ...(store.acceptLoss && { acceptLoss: store.acceptLoss.bind(store) }),
    close: () => store.close(),
  }
}

function unavailable(message: string, cause?: unknown): Error {
  if (cause instanceof PortcullisError || cause instanceof RangeError) return cause
  return new PortcullisError('store_unavailable', message, { cause })
}

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
