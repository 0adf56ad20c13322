import type { Role } from './decision.js'
import type { MasterKey } from './master-key/master-key.js'
import type { RecentRefreshes } from './oauth/recent-refreshes.js'
import type { GateEvent, ResolvedOptions } from './options.js'
import type { Sealer } from './seal.js'
import type { Clock, Store, StoreHealth } from './store/store.js'
import type { KeyRing } from './tokens/keys.js'
import type { ProofCache } from './tokens/proof-cache.js'
import type { TrustedIssuers } from './trusted-issuers/trusted-issuers.js'

/** What every verb works with. Bound once by `createGate`; tests bind their own. */
export interface Deps {
  readonly options: ResolvedOptions
  /** Answers within its deadline or rejects. */
  readonly store: Store
  /** How the store is, a write tried. */
  readonly storeReadiness: () => Promise<StoreHealth>
  readonly clock: Clock
  /** Unguessable bytes, base64url. */
  readonly randomId: (bytes: number) => string
  readonly partitionOf: (accountId: string) => string
  readonly sealer: Sealer
  readonly keys: KeyRing
  readonly proofs: ProofCache
  readonly masterKey: MasterKey | undefined
  readonly trustedIssuers: TrustedIssuers
  /** When this process was done with the last refresh of a family. */
  readonly refreshed: RecentRefreshes
  /** Keys the audit chain. */
  readonly auditKey: Uint8Array
  /** Runs one at a time, in the order of the calls. */
  readonly auditTurn: <T>(act: () => Promise<T>) => Promise<T>
  readonly roleOf: (accountId: string) => Role
  readonly report: (event: GateEvent) => void
}
