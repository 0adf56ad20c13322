import { type BoundedMap, boundedMap } from '../encoding/bounded-map.js'
import type { Standing } from '../standing/standing.js'
import { collection, count, instant, optional, text, texts } from '../store/collection.js'
import type { Millis } from '../store/store.js'

/** The record of a token; its id is the `jti`. The token itself is stored nowhere. */
export interface TokenRecord {
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: Millis
  readonly expiresAt: Millis
  readonly generation: number
  readonly revokedAt?: Millis
  /** The grant that it was bought by, such as a family of refresh tokens. */
  readonly family?: string
  /** When the first token of a chain of renewals was issued. Absent: this is the first. */
  readonly firstIssuedAt?: Millis
}

export const tokenRecords = collection<TokenRecord>(
  'tokens',
  {
    name: text,
    scopes: texts,
    createdAt: instant,
    expiresAt: instant,
    generation: count,
    revokedAt: optional(instant),
    family: optional(text),
    firstIssuedAt: optional(instant),
  },
  'token',
)

export const TOKEN_NAME_LENGTH = 100

/** The `client_id` of tokens that no client bought: those of the token page, of programs, and their successors. */
export const GATE_CLIENT_ID = 'portcullis'

/** The claims of an access token that its signature vouches for (RFC 9068 §2.2). */
export interface TokenClaims {
  readonly accountId: string
  /** Where the account's records are; kept with the proof, since every request needs it. */
  readonly partition: string
  readonly id: string
  /** Absent from tokens that were issued before tokens named one. */
  readonly clientId?: string
  readonly issuedAt: Millis
  readonly expiresAt: Millis
  readonly notBefore: Millis
  readonly scopes: readonly string[]
}

export const ACCESS_TOKEN_TYPE = 'at+jwt'

/** That a signature vouches for these claims. */
export interface TokenProof {
  readonly ok: true
  readonly value: TokenClaims
}

/**
 * Remembers which exact strings carry a good signature, so that a busy client costs one verification. Holds the proof
 * only: expiry, revocation and standing are judged on every request. The oldest proof makes room for the newest.
 */
export type ProofCache = BoundedMap<string, TokenProof>

export function createProofCache(capacity: number): ProofCache {
  return boundedMap(capacity)
}

export type TokenStatus = 'active' | 'expired' | 'revoked'

/** What may be said of a token to those who may see it. */
export interface TokenInfo {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: Millis
  readonly expiresAt: Millis
  readonly lastUsedAt?: Millis
  readonly status: TokenStatus
}

function isRevoked(record: TokenRecord, standing: Standing): boolean {
  return record.revokedAt !== undefined || record.generation !== standing.tokenGeneration
}

export function statusOf(record: TokenRecord, standing: Standing, now: Millis): TokenStatus {
  if (isRevoked(record, standing)) return 'revoked'
  return record.expiresAt <= now ? 'expired' : 'active'
}

/**
 * The record outlives the token for as long as ended tokens are listed. Those of a family are many and nobody’s concern
 * once they have expired.
 */
export function recordDeadline(
  { options }: { readonly options: { readonly tokens: { readonly keepEndedSeconds: number } } },
  { expiresAt, family }: Pick<TokenRecord, 'expiresAt' | 'family'>,
): Millis {
  return family === undefined ? expiresAt + options.tokens.keepEndedSeconds * 1000 : expiresAt
}
