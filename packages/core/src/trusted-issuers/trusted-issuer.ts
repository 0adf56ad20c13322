import type { GateEvent } from '../options.js'
import type { Clock } from '../store/store.js'
import type { ExternalProofs } from './external-proofs.js'
import type { ResolvedTrustedIssuer } from './options.js'
import type { RemoteKeys } from './remote-keys.js'

/** One issuer with keys of its own: nothing here is shared with another but the memory of what was proven. */
export interface TrustedIssuer {
  readonly options: ResolvedTrustedIssuer
  readonly keys: RemoteKeys
  readonly proofs: ExternalProofs
  readonly clock: Clock
  readonly report: (event: GateEvent) => void
}
