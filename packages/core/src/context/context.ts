import type { Pruning } from '../accounts/pruning-queue.js'
import type { AuditQueue } from '../audit/append.js'
import type { AuditChain } from '../audit/chain.js'
import type { AnyCredentialKind } from '../authentication/credential-kind.js'
import type { Role } from '../authorization/roles.js'
import type { Sealer } from '../crypto/seal.js'
import type { KeyRing } from '../jws/keys.js'
import type { SpentStates } from '../login/spent-states.js'
import type { LoginHooks, TokenGrants } from '../plugin/hooks.js'
import type { RateLimiter } from '../rate-limit/limiter.js'
import type { ClientAddress } from '../request/client-address.js'
import type { ReportUnreadable } from '../store/readable.js'
import type { Clock, Store, StoreHealth } from '../store/store.js'
import type { ProofCache } from '../tokens/token.js'
import type { GateEvent } from './event.js'
import type { LimitedEvents } from './limited-events.js'
import type { ResolvedOptions } from './options.js'

/** What every operation works with. Bound once by `createGate`; tests bind their own. */
export interface GateContext {
  readonly options: ResolvedOptions
  /** Which plugins are well, by name; replaced while the gate starts. */
  pluginHealth: () => Promise<Readonly<Record<string, boolean>>>
  /** What plugins have to do with logins, and the grants that they keep; replaced while the gate starts. */
  loginHooks: Required<LoginHooks>
  grants: TokenGrants
  /** Answers within its deadline or rejects. */
  readonly store: Store
  /** How the store is, a write tried. */
  readonly storeReadiness: () => Promise<StoreHealth>
  readonly providerReadiness: () => Promise<boolean>
  readonly clock: Clock
  /** Unguessable bytes, base64url. */
  readonly randomId: (bytes: number) => string
  readonly partitionOf: (accountId: string) => string
  /** The id of what is issued for something: the same each time, so that a repeat issues nothing new. No secret. */
  readonly deriveId: (
    purpose: 'access' | 'created' | 'family' | 'idempotency' | 'renewal',
    from: string,
  ) => string
  readonly sealer: Sealer
  readonly keys: KeyRing
  readonly proofs: ProofCache
  /** Collections that the near cache keeps: what decisions read. No change in them may be committed as quiet. */
  readonly decisive: Set<string>
  /** Asked in this order who presents a credential. */
  readonly credentialKinds: AnyCredentialKind[]
  readonly auditChain: AuditChain
  /** What waits to be appended to the chain. */
  readonly auditQueue: AuditQueue
  /** States of logins that this process has seen come back. */
  readonly spentStates: SpentStates
  /** The client's address, as `clientAddress` says. */
  readonly addressOf: ClientAddress
  readonly rateLimits: RateLimiter
  /** Records of what has ended, removed in the background. */
  readonly pruning: Pruning
  readonly roleOf: (accountId: string) => Role
  readonly report: (event: GateEvent) => void
  /** For what strangers can cause: at most one line a second for each reason. */
  readonly strangers: LimitedEvents
  /** Once for each record, and not without end. */
  readonly reportUnreadable: ReportUnreadable
}
