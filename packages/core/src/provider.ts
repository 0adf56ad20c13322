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
  readonly name?: string
  readonly groups: readonly string[]
  /** Kept (encrypted) as the hint for logout. */
  readonly idToken: string
  /** The provider's own session id, for back-channel logout. */
  readonly providerSessionId?: string
}

/**
 * The identity provider as the gate sees it; `oidcProvider` of `@portcullis/core/oidc` is the real one.
 * Methods reject with `PortcullisError` `provider_unavailable` when the provider cannot be reached, and with
 * `LoginRefused` when it answered but the answer must not be trusted.
 */
export interface IdentityProvider {
  readonly issuer: string
  /** Where to send the browser. */
  begin(challenge: LoginChallenge): Promise<URL>
  /** Checks the callback against the challenge it answers, exchanges the code, validates the ID token. */
  complete(callback: URL, challenge: LoginChallenge): Promise<ProviderLogin>
  /** Where to send the browser to end the provider's session too; undefined when the provider offers no such place. */
  logoutUrl(logout: { idToken: string; returnTo: string }): Promise<URL | undefined>
  /** Whether the provider can be reached. */
  ready(): Promise<boolean>
}

/** The provider answered, but its answer does not prove a login. `reason` is for the log only. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused'
  readonly code = 'login_refused'
  constructor(reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause })
  }
}
