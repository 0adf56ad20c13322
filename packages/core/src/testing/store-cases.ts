import { commitCases } from './commit-cases.js'
import { instantCases } from './instant-cases.js'
import { listingCases } from './listing-cases.js'
import { recordCases } from './record-cases.js'
import { sharingCases } from './sharing-cases.js'
import type { StoreCase, StoreCasesOptions } from './store-case.js'
import { watchCases } from './watch-cases.js'

/**
 * The store contract as cases for any test runner, on `node:assert`: an implementation that passes them all may stand
 * behind a gate. Cases are independent of each other, own their partitions and close the stores that they open.
 *
 * ```js
 * for (const { name, run } of storeCases({ open: async (clock) => myStore({ clock }) })) test(name, run)
 * ```
 */
export function storeCases(options: StoreCasesOptions): StoreCase[] {
  return [
    ...commitCases(options),
    ...recordCases(options),
    ...listingCases(options),
    ...instantCases(options),
    ...watchCases(options),
    ...(options.data === 'own' ? [] : sharingCases(options)),
  ]
}
