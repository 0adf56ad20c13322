import { PortcullisError } from '../errors.js'
import type { Store, StoreHealth } from './store.js'

/**
 * The store, answering within `milliseconds` or rejecting with `store_unavailable`, whatever went wrong in it; only a
 * `RangeError`, which is the caller's doing, passes. An answer that comes later is dropped. `health` never rejects: it
 * says that the store is not well, and those who ask at once share an answer. `watch` and `close` take the time that
 * they take.
 *
 * `report` hears of everything that the store itself rejected with, also after the deadline; what it throws is dropped.
 */
export function withDeadline(
  store: Store,
  milliseconds: number,
  report: (error: unknown) => void = () => {},
): Store {
  const bounded = <T>(answer: () => Promise<T>, extra = 0): Promise<T> =>
    new Promise((resolve, reject) => {
      const limit = milliseconds + extra
      const timer = setTimeout(
        // An answer that has arrived while this process was busy is read before the deadline counts.
        () => setImmediate(() => reject(unavailable(`The store did not answer within ${limit} ms`))),
        limit,
      )
      Promise.resolve()
        .then(answer)
        .then(resolve, (cause: unknown) => {
          reject(unavailable('The store failed', cause))
          if (!(cause instanceof RangeError)) report(cause)
        })
        .catch(() => {})
        .finally(() => clearTimeout(timer))
    })
  let examining: Promise<StoreHealth> | undefined
  const examine = () =>
    bounded(() => store.health())
      .catch(() => ({ ok: false, warnings: ['The store does not answer.'] }))
      .finally(() => {
        examining = undefined
      })
  return {
    read: (partition, keys) => bounded(() => store.read(partition, keys)),
    commit: (partition, batch) =>
      bounded(() => store.commit(partition, batch), batch.confirm ? store.confirmsWithinMs : 0),
    page: (partition, collection, query) => bounded(() => store.page(partition, collection, query)),
    count: (partition, collection, range) => bounded(() => store.count(partition, collection, range)),
    ...(store.watch && { watch: store.watch.bind(store) }),
    health: () => {
      examining ??= examine()
      return examining
    },
    ...(store.lossOf && { lossOf: store.lossOf.bind(store) }),
    ...(store.acceptLoss && { acceptLoss: store.acceptLoss.bind(store) }),
    close: () => store.close(),
  }
}

function unavailable(message: string, cause?: unknown): Error {
  if (cause instanceof PortcullisError || cause instanceof RangeError) return cause
  return new PortcullisError('store_unavailable', message, { cause })
}
