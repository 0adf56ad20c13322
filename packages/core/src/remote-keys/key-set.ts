import type { JWK } from 'jose'
import type { JwsAlgorithm } from '../jws/algorithms.js'
import type { ProtectedHeader } from '../jws/prove.js'
import { importVerificationKey, mismatchOf, type VerificationKey } from '../jws/verification-key.js'

/** The keys of one issuer as it published them at one time. Compared by identity. */
export interface KeySet {
  readonly size: number
  knows(kid: string): boolean
  /** The keys that may have signed under this header. */
  keysFor(header: ProtectedHeader): readonly VerificationKey[]
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/**
 * Takes from a JWK Set what can verify with one of the algorithms (RFC 7517 §5 asks to ignore the rest). A secret or a
 * private key that was published is no longer its owner's alone, so nothing that it signed counts.
 */
export async function createKeySet(
  jwks: readonly unknown[],
  algorithms: ReadonlySet<string>,
): Promise<{ keySet: KeySet; skipped: number }> {
  const imported = await Promise.all(jwks.map((jwk) => importPublished(jwk, algorithms)))
  const keys = imported.flat()
  const byKid = new Map<string, VerificationKey[]>()
  for (const key of keys) if (key.kid !== undefined) byKid.set(key.kid, [...(byKid.get(key.kid) ?? []), key])
  const keySet: KeySet = {
    size: keys.length,
    knows: (kid) => byKid.has(kid),
    keysFor({ kid, alg }) {
      if (kid !== undefined) return byKid.get(kid) ?? []
      const fitting = keys.filter((key) => key.algorithm === alg)
      return fitting.length === 1 ? fitting : []
    },
  }
  return { keySet, skipped: imported.filter((usable) => usable.length === 0).length }
}

/** A key that does not say its algorithm is good for each that is allowed; one token tries it with its own only. */
async function importPublished(jwk: unknown, algorithms: ReadonlySet<string>): Promise<VerificationKey[]> {
  if (typeof jwk !== 'object' || jwk === null) return []
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return []
  const meant = [...algorithms].filter((name) => mismatchOf(jwk as JWK, name as JwsAlgorithm) === undefined)
  const outcomes = await Promise.allSettled(
    meant.map((name) => importVerificationKey(jwk as JWK, name as JwsAlgorithm)),
  )
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
}
