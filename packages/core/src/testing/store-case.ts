import { randomBytes } from 'node:crypto'
import type { Clock, Millis, Store } from '../store/store.js'

/** One promise of the contract; `run` rejects with an `AssertionError` where it is not kept. For any test runner. */
export interface StoreCase {
  readonly name: string
  run(): Promise<void>
}

export interface StoreCasesOptions {
  /**
   * Opens the store under test on this clock; the case closes it. Some cases open the same data twice, and again after it
   * was closed. Stores may share a server: every case uses partitions of its own.
   */
  readonly open: (clock: Clock) => Promise<Store>
  /**
   * `shared` (default): every store that `open` gives holds the same data, which outlives them. `own`: each has its own and
   * forgets it, like the memory store; what needs two of them is not asked then.
   */
  readonly data?: 'shared' | 'own'
  /**
   * Opens a store that ordinary records have filled to its limit, as far as it has one: it refuses them, and takes
   * essential batches and deletions. Leave it out for a store without limits.
   */
  readonly openFull?: (clock: Clock) => Promise<Store>
}

/** What a case works with. */
export interface Bench {
  readonly store: Store
  readonly partition: string
  readonly clock: { now: Millis }
  /** Opens once more, closed after the case: the same data unless the options say otherwise. */
  readonly reopen: () => Promise<Store>
}

/** A case on a store of its own, in a partition that nobody else uses, on a clock that only the case moves. */
export function storeCase(
  { open }: StoreCasesOptions,
  name: string,
  prove: (bench: Bench) => Promise<void>,
): StoreCase {
  return {
    name,
    async run() {
      const clock = { now: Date.now() }
      const opened: Store[] = []
      const reopen = async () => {
        const store = await open(() => clock.now)
        opened.push(store)
        return store
      }
      const partition = `case-${randomBytes(12).toString('base64url')}`
      try {
        await prove({ store: await reopen(), clock, partition, reopen })
      } finally {
        for (const store of opened) await store.close()
      }
    },
  }
}
