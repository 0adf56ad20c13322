import type { GateEvent } from '../context/event.js'
import { boundedMap } from '../encoding/bounded-map.js'
import { decodeBase64url } from '../jws/compact.js'
import { parseJsonObject } from '../jws/strict-json.js'
import { createRemoteKeys } from '../remote-keys/remote-keys.js'
import type { Clock } from '../store/store.js'
import { type ExternalProof, MAX_TOKEN_LENGTH, type TrustedIssuer } from './issuer.js'
import type { ResolvedTrustedIssuer } from './options.js'

export interface TrustedIssuers {
  /** Whose token this says it is; nothing of it is proven. Never throws. */
  claimedBy(compact: string): TrustedIssuer | undefined
  /** Whether it was proven a moment ago. */
  remembers(compact: string): boolean
  /** Breaks off every request for keys. */
  close(): void
}

const PROOFS = 10_000

/** Binds trusted issuers to their keys. Nothing is fetched before a token needs it. */
export function createTrustedIssuers(
  resolved: readonly ResolvedTrustedIssuer[],
  surroundings: {
    readonly clock: Clock
    readonly report: (event: GateEvent) => void
    readonly fetch?: typeof globalThis.fetch
    /** Proofs kept in memory, over all issuers. Default 10000. */
    readonly proofCacheSize?: number
  },
): TrustedIssuers {
  const { clock, fetch = globalThis.fetch, proofCacheSize = PROOFS } = surroundings
  /** Keys are fetched beside the requests that need them: what a log hook throws would have nobody to catch it. */
  const report = (event: GateEvent) => {
    try {
      surroundings.report(event)
    } catch {}
  }
  const proofs = boundedMap<string, ExternalProof>(proofCacheSize)
  const issuers = new Map<unknown, TrustedIssuer>(
    resolved.map((options) => {
      const keys = createRemoteKeys(options, { clock, report, fetch })
      return [options.issuer, { options, keys, proofs, clock, report }]
    }),
  )
  return {
    claimedBy: (compact) =>
      issuers.size === 0 ? undefined : (proofs.get(compact)?.issuer ?? issuers.get(unprovenIssuer(compact))),
    remembers: (compact) => proofs.get(compact) !== undefined,
    close() {
      for (const { keys } of issuers.values()) keys.close()
      proofs.clear()
    },
  }
}

function unprovenIssuer(compact: string): unknown {
  if (compact.length > MAX_TOKEN_LENGTH) return undefined
  const [, payload, signature] = compact.split('.', 3)
  const bytes = signature === undefined ? undefined : decodeBase64url(payload ?? '')
  return bytes && parseJsonObject(bytes)?.iss
}
