import { randomBytes } from 'node:crypto'
import type { Clock, Millis, Store } from '../store/store.js'

/** One promise of the contract; `run` rejects with an `AssertionError` where it is not kept. For any test runner. */
export interface StoreCase {
  readonly name: string
  run(): Promise<void>
}

export interface StoreCasesOptions {
  /**
   * Opens the store under test on this clock. Called once a case; the case closes it. Stores may share a server: every
   * case uses partitions of its own.
   */
  readonly open: (clock: Clock) => Promise<Store>
}

/** What a case works with. */
export interface Bench {
  readonly store: Store
  readonly partition: string
  readonly clock: { now: Millis }
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
      const store = await open(() => clock.now)
      try {
        await prove({ store, clock, partition: `case-${randomBytes(12).toString('base64url')}` })
      } finally {
        await store.close()
      }
    },
  }
}
