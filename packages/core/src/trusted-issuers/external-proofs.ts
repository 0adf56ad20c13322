import type { Millis } from '../store/store.js'
import type { KeySet } from './key-set.js'
import type { TrustedIssuer } from './trusted-issuer.js'

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
export interface ExternalProofs {
  get(compact: string): ExternalProof | undefined
  set(compact: string, proof: ExternalProof): void
  forget(compact: string): void
  clear(): void
}

export function createExternalProofs(capacity: number): ExternalProofs {
  const proofs = new Map<string, ExternalProof>()
  return {
    get: (compact) => proofs.get(compact),
    set(compact, proof) {
      const [oldest] = proofs.keys()
      if (proofs.size >= capacity && oldest !== undefined) proofs.delete(oldest)
      proofs.set(compact, proof)
    },
    forget: (compact) => proofs.delete(compact),
    clear: () => proofs.clear(),
  }
}
