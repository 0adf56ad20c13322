import type { ActsFor } from '../authorization/actor.js'
import type { Outcome } from '../errors/outcome.js'
import type { JsonValue } from '../store/store.js'
import type { IssuedToken, TokenToIssue } from '../tokens/issue.js'
import type { CollectionRecord } from './collection.js'

/** A record of the plugin about the account that a token is issued to, written together with the token. */
export interface RecordOfToken extends CollectionRecord<JsonValue> {
  /** One of the plugin's `collections`. */
  readonly collection: string
  /** Nothing is issued where a record of this id is there already: refused with `grant_invalid`. */
  readonly isNew?: boolean
}

/** A token that a plugin issues for a grant that it keeps. */
export interface TokenOfGrant extends Omit<TokenToIssue, 'by'> {
  /**
   * The id of the grant, by which `TokenGrants.wasEnded` is asked and `revokeOfGrant` finds the token again: 1 to 200
   * characters that nobody else's grants have.
   */
  readonly grant: string
  /** The client that the token is issued to. Default: the gate itself. */
  readonly clientId?: string
  /** Default: the plugin, as `service:NAME`. */
  readonly by?: ActsFor
  /** Written in the commit that issues the token, or not at all. At most 10. */
  readonly records?: readonly RecordOfToken[]
}

/** JWTs of one `typ`, signed with the keys of the gate (RFC 8725 §3.11). */
export interface PluginJwts {
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>
  /**
   * The claims of a JWT of this `typ` that the gate has signed; undefined for anything else. Says nothing of `iss`, `aud` and
   * `exp`: whoever signed them checks them.
   */
  prove(compact: string): Promise<Readonly<Record<string, unknown>> | undefined>
}

/** How a plugin issues tokens of the gate. */
export interface PluginTokens {
  /**
   * Issues a token of the gate for a grant, together with records of the plugin: one commit under the standing of the account,
   * so that of a ban that comes meanwhile and the token one is first, and the ban ends it. Refused as `tokens.issue` is.
   */
  issue(token: TokenOfGrant): Promise<Outcome<IssuedToken>>
  /**
   * Revokes what was issued for a grant. Mark the grant as ended first: what is issued meanwhile has to find that. May
   * be called again where it failed.
   */
  revokeOfGrant(grant: { readonly account: string; readonly grant: string }): Promise<void>
  /** Throws a `TypeError` for a `typ` that is not one of its `tokenTypes`. */
  jwts(typ: string): PluginJwts
}
