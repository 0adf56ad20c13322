import type { Role } from '../authorization/roles.js'
import type { Millis } from '../store/store.js'
import type { Issued } from './judge.js'

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

/**
 * An identity that no handler can change: what it holds may be shared with a cache, and so with the next request. Called
 * on every request, so it freezes only what is there; `claims` are frozen to the bottom where they are made.
 */
export function frozenIdentity(identity: Identity): Identity {
  Object.freeze(identity.groups)
  Object.freeze(identity.scopes)
  Object.freeze(identity.credential)
  return Object.freeze(identity)
}

/** What is remembered of whoever was let in. */
interface Remembered {
  readonly issued: Issued
  /** Until when it was good when it was last looked at, where that can change. */
  readonly expiresAt?: Millis
}

const known = new WeakMap<Identity, Remembered>()

/** Keeps it beside the identity, for as long as that lives; a copy of the identity does not have it. */
export function noteIssued(identity: Identity, issued: Issued): Identity {
  known.set(identity, { issued })
  return identity
}

/** What was judged of it as it was let in. Undefined for an identity that the gate has not made. */
export function issuedOf(identity: Identity): Issued | undefined {
  return known.get(identity)?.issued
}

/** Remembers that a session was extended, or an API key given an end, while something of it runs. */
export function noteDeadline(identity: Identity, expiresAt: Millis): void {
  const remembered = known.get(identity)
  if (remembered) known.set(identity, { ...remembered, expiresAt })
}

/** Until when the credential is good, as it was last seen. */
export function deadlineOf(identity: Identity): Millis {
  return known.get(identity)?.expiresAt ?? identity.credential.expiresAt
}
