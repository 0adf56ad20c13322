import { havingMethods, hook, isObject, type Kind, nonEmptyText } from '../input/kinds.js'
import type { Millis } from '../store/store.js'

/** What a login needs from the gate: all of it fresh, unguessable and used once. */
export interface LoginChallenge {
  readonly state: string
  readonly nonce: string
  /** RFC 7636 §4.1; the provider sees only its S256 challenge. */
  readonly codeVerifier: string
  readonly redirectUri: string
}

/** Who the provider says has logged in. */
export interface ProviderLogin {
  readonly issuer: string
  readonly subject: string
  /** As the provider wrote it; absent when it named none. */
  readonly email?: string
  readonly emailVerified: boolean
  /** Why the address cannot be taken, for the log, and the options that decide it. */
  readonly addressProblem?: { readonly reason: string; readonly options: readonly string[] }
  readonly name?: string
  readonly groups: readonly string[]
  /** The provider has groups of this person that it did not send (OpenID Connect Core 1.0 §5.6.2). */
  readonly groupsWithheld?: true
  /** Kept (encrypted) as the hint for logout. */
  readonly idToken: string
  /** The provider's own session id, for back-channel logout. */
  readonly providerSessionId?: string
}

/** What a logout token says (OpenID Connect Back-Channel Logout 1.0 §2.4). It names a subject, a session, or both. */
export interface LogoutToken {
  readonly issuer: string
  /** `jti`; the gate takes it once. */
  readonly id: string
  readonly issuedAt: Millis
  readonly expiresAt?: Millis
  readonly subject?: string
  /** The provider's own session id. Without one all sessions of the subject are meant. */
  readonly sessionId?: string
}

/**
 * The identity provider as the gate sees it; `oidcProvider` of `@portcullis/core/oidc` is the real one.
 * Methods reject with `PortcullisError` `provider_unavailable` when the provider cannot be reached, with
 * `provider_misconfigured` when its answer shows that the gate is configured wrongly for it, and with `LoginRefused`
 * when it answered but the answer must not be trusted. The gate waits 30 seconds for each of them at most, as with
 * `provider_unavailable` (503), and one second for `ready`.
 */
export interface IdentityProvider {
  readonly issuer: string
  /** Where to send the browser. */
  begin(challenge: LoginChallenge): Promise<URL>
  /** Checks the callback against the challenge it answers, exchanges the code, validates the ID token. */
  complete(callback: URL, challenge: LoginChallenge): Promise<ProviderLogin>
  /** Where to send the browser to end the provider's session too; undefined when the provider offers no such place. */
  logoutUrl(logout: { idToken: string; returnTo: string }): Promise<URL | undefined>
  /**
   * Proves a logout token: signature, issuer, audience, kind. Whether it is of now and new, the gate judges. Rejects
   * with `LogoutRefused` when it proves nothing. Absent where the provider sends none.
   */
  verifyLogoutToken?(token: string): Promise<LogoutToken>
  /**
   * Whether it answers and is what it should be: only `true` says so. Rejects, as the others do, with what the log should
   * say of it.
   */
  ready(): Promise<boolean>
}

const providerMethods = havingMethods('begin', 'complete', 'logoutUrl', 'ready')

export const IDENTITY_PROVIDER: Kind<IdentityProvider> = (name, value, problems) => {
  providerMethods(name, value, problems)
  if (!isObject(value)) return
  nonEmptyText(`${name}.issuer`, value.issuer, problems)
  if (value.verifyLogoutToken !== undefined)
    hook(`${name}.verifyLogoutToken`, value.verifyLogoutToken, problems)
}

/** The provider answered, but its answer does not prove a login. `reason` is for the log only, and all that the log says. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused'
  readonly code = 'login_refused'
  constructor(reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause })
  }
}

/** What came is no logout token of the provider for this client. `reason` is for the log only. */
export class LogoutRefused extends Error {
  override readonly name = 'LogoutRefused'
  readonly code = 'logout_refused'
  constructor(reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause })
  }
}
