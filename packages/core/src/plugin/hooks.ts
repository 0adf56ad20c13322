import type { RequestTrace } from '../authorization/actor.js'
import type { Denial } from '../errors/denial.js'
import type { Millis } from '../store/store.js'

/** A login that the identity provider has vouched for, with the session that comes of it. */
export interface VouchedLogin {
  /** Canonical e-mail. */
  readonly account: string
  /** As the identity provider names whom it has vouched for (OpenID Connect Core 1.0 §2). */
  readonly issuer: string
  readonly subject: string
  /** The session at the provider (`sid`), where it names one. */
  readonly providerSessionId?: string
  readonly groups: readonly string[]
  /** The id that the session has as `credential.id`; no secret. */
  readonly sessionId: string
  /** When the session ends at the latest. */
  readonly expiresAt: Millis
  readonly trace: RequestTrace
}

/** A login that came back from the identity provider, once its session is stored. */
export interface StoredLogin extends VouchedLogin {
  /** When the gate began to ask the provider. */
  readonly beganAt: Millis
}

/** Why a plugin lets somebody not log in. */
export interface LoginRefusal {
  /** What the browser is answered. */
  readonly denial: Denial
  /** For the log and the audit log: a half sentence, such as `the provider ended the session meanwhile`. */
  readonly reason: string
}

/**
 * What a plugin has to do with logins. Each is awaited for 10 seconds at most. One that throws or is late refuses the login
 * with `plugin_unavailable`, or as the gate's own store does where it throws a `PortcullisError`; no hook can let in
 * whom the gate or another hook refuses.
 */
export interface LoginHooks {
  /**
   * Before the session is stored: what is noted here is there before anything that it is about. The login may still
   * fail.
   */
  beforeLogin?(login: VouchedLogin): Promise<LoginRefusal | undefined>
  /** Before the browser gets the session. One that is refused is ended at once. */
  afterLogin?(login: StoredLogin): Promise<LoginRefusal | undefined>
  /**
   * Whether the plugin keeps anything of this account. Refused logins are audited of accounts that are known, not of
   * strangers.
   */
  knowsAccount?(account: string): Promise<boolean>
}

/** A grant, by the id that a token's `grant` has, in the partition of its account. */
export interface GrantName {
  readonly partition: string
  readonly id: string
}

/**
 * What a plugin keeps of the grants that tokens are issued under, such as families of refresh tokens, each of which buys
 * one token after the other.
 */
export interface TokenGrants {
  /**
   * Whether a grant was ended, as long as that is remembered; false for one of another plugin. Asked of a running stream
   * whose token has expired and is gone: until then the record of the token says whether it was ended. Waited for 10
   * seconds at most.
   */
  wasEnded(grant: GrantName): Promise<boolean>
  /**
   * Ends every grant of an account with the tokens that were bought by it, such as when the identity provider has ended the
   * logins behind them. May be called again where it failed. Waited for 60 seconds at most.
   */
  endAll(account: string): Promise<void>
}
