import type { Millis } from '../store/store.js'

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
