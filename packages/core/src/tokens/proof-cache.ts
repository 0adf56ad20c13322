import type { TokenClaims } from './claims.js'

/**
 * Remembers which exact strings carry a good signature, so that a busy client costs one verification. Holds the proof
 * only: expiry, revocation and standing are judged on every request. The oldest proof makes room for the newest.
 */
export interface ProofCache {
  get(token: string): TokenClaims | undefined
  set(token: string, claims: TokenClaims): void
}

export function createProofCache(capacity: number): ProofCache {
  const proofs = new Map<string, TokenClaims>()
  return {
    get: (token) => proofs.get(token),
    set(token, claims) {
      if (proofs.size >= capacity) {
        const [oldest] = proofs.keys()
        if (oldest !== undefined) proofs.delete(oldest)
      }
      proofs.set(token, claims)
    },
  }
}
