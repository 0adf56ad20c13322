import type { GateEvent } from '../context/event.js'
import type { BoundedMap } from '../encoding/bounded-map.js'
import type { KeySet } from '../remote-keys/key-set.js'
import type { RemoteKeys } from '../remote-keys/remote-keys.js'
import type { Clock, Millis } from '../store/store.js'
import type { ResolvedTrustedIssuer } from './options.js'

/** What a good signature vouches for, with the keys that it was found good by. */
export interface ExternalProof {
  readonly issuer: TrustedIssuer
  readonly keySet: KeySet
  readonly payload: ExternalPayload
}

/** A payload whose `iss`, `aud` and instants are in order. Frozen to the bottom. */
export interface ExternalPayload {
  readonly members: Readonly<Record<string, unknown>>
  readonly id: string
  readonly issuedAt: Millis
  readonly notBefore: Millis
  readonly expiresAt: Millis
}

/**
 * Remembers which exact strings carry a good signature. Holds the proof only: lifetime, account, role, schema and
 * standing are judged on every request, and a proof counts only while its keys are the current ones. The oldest proof
 * makes room for the newest.
 */
export type ExternalProofs = Pick<BoundedMap<string, ExternalProof>, 'get' | 'set' | 'delete' | 'clear'>

/** Characters of the longest token that is looked at; Node takes no more than 16 KiB of headers. */
export const MAX_TOKEN_LENGTH = 16_384

/** One issuer with keys of its own: nothing here is shared with another but the memory of what was proven. */
export interface TrustedIssuer {
  readonly options: ResolvedTrustedIssuer
  readonly keys: RemoteKeys
  readonly proofs: ExternalProofs
  readonly clock: Clock
  readonly report: (event: GateEvent) => void
}
