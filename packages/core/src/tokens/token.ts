import type { Issued } from '../authentication/judge.js'
import type { Deps } from '../context/context.js'
import type { Standing } from '../standing/standing.js'
import { collection } from '../store/collection.js'
import { count, instant, optional, text, texts } from '../store/shape.js'
import type { Millis } from '../store/store.js'

/** The record of a token; its id is the `jti`. The token itself is stored nowhere. */
export interface TokenRecord {
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: Millis
  readonly expiresAt: Millis
  readonly generation: number
  readonly revokedAt?: Millis
  /** The family of refresh tokens that it was bought with. */
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

export function issuedAsToken(partition: string, record: TokenRecord): Issued {
  const { createdAt, generation, revokedAt, family } = record
  return {
    partition,
    issuedAt: createdAt,
    isEnded: revokedAt !== undefined,
    tokenGeneration: generation,
    needsFreshLogin: true,
    ...(family === undefined ? {} : { family }),
  }
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
  deps: Deps,
  { expiresAt, family }: Pick<TokenRecord, 'expiresAt' | 'family'>,
): Millis {
  return family === undefined ? expiresAt + deps.options.tokens.keepEndedSeconds * 1000 : expiresAt
}
