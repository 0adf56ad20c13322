import type { Role } from '../authorization/roles.js'
import type { Millis } from '../store/store.js'

/** The name of a kind of credential that a plugin has brought. */
export type PluginKind = string & Record<never, never>

/** How the caller proved who it is. */
export interface Credential {
  /** `token` is one that this gate issued; `api_key`, `external_token`, `master_key` and others come with plugins. */
  readonly kind: 'session' | 'token' | PluginKind
  /** `jti` of a token; the opaque handle (not the secret) of a session; the public part of an API key. */
  readonly id: string
  readonly issuedAt: Millis
  readonly expiresAt: Millis
  /** Where it can be exchanged for a new one: in the last fifth of its life, where that is offered. */
  readonly renewal?: string
  /**
   * Browsers attach it by themselves, also where a page of another site asks: a WebSocket that was opened with it is to be
   * refused unless its `Origin` is the gate’s (RFC 6455 §10.2).
   */
  readonly isSentByBrowsers?: true
}

/** Someone who may come in. Frozen to the bottom: handlers can pass it on without fear. */
export interface Identity {
  /**
   * Canonical e-mail, or `subject:SUBJECT:ISSUER` of whoever a trusted issuer names by that alone: the key of bans, budgets
   * and audit.
   */
  readonly accountId: string
  /** The account id again where there is no e-mail. */
  readonly email: string
  readonly name?: string
  readonly groups: readonly string[]
  readonly role: Role
  /** The team that a trusted issuer named. */
  readonly team?: string
  /** What the claims schema of a trusted issuer made of its token. */
  readonly claims?: unknown
  /** What the credential may do; a session may do all that its account may. */
  readonly scopes: readonly string[]
  readonly credential: Credential
  /** The store partition of the account. */
  readonly partition: string
}
