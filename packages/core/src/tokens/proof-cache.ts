import { type BoundedMap, boundedMap } from '../encoding/bounded-map.js'
import type { TokenClaims } from './claims.js'

/**
 * Remembers which exact strings carry a good signature, so that a busy client costs one verification. Holds the proof
 * only: expiry, revocation and standing are judged on every request. The oldest proof makes room for the newest.
 */
export type ProofCache = BoundedMap<string, TokenClaims>

export function createProofCache(capacity: number): ProofCache {
  return boundedMap(capacity)
}
