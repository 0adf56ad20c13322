import type { ExternalProof, ExternalProofs } from './issuer.js'

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
