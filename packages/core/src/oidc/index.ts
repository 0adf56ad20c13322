import type { IdentityProvider } from '../login/identity-provider.js'
import { completeAtProvider } from './callback.js'
import { createDiscovery } from './discovery.js'
import { beginAtProvider } from './login.js'
import { logoutUrlAtProvider } from './logout.js'
import { createLogoutTokenProof } from './logout-token.js'
import { type OidcProviderOptions, resolveOidcOptions } from './options.js'

export type { EmailVerification, OidcProviderOptions } from './options.js'

/**
 * An OpenID Connect provider (OpenID Connect Core 1.0, code flow with PKCE S256, state and nonce; RFC 9207 `iss`).
 *
 * The provider is discovered when it is first needed, so that it may be down when the gate starts; its metadata is then
 * kept, its keys are fetched again when it rotates them. ID tokens are validated with signature although they come over
 * TLS. The redirect URI to register is `publicUrl/oauth2/callback`, the post-logout one `publicUrl/`, the back-channel
 * logout URI `publicUrl/oauth2/backchannel-logout`.
 *
 * Throws `configuration_invalid` that names every problem at once.
 */
export function oidcProvider(options: OidcProviderOptions): IdentityProvider {
  const resolved = resolveOidcOptions(options)
  const discover = createDiscovery(resolved)
  return {
    issuer: options.issuer,
    begin: async (challenge) => beginAtProvider(await discover(), resolved, challenge),
    complete: async (callback, challenge) =>
      completeAtProvider(await discover(), resolved, callback, challenge),
    logoutUrl: async (logout) => logoutUrlAtProvider(await discover(), resolved, logout),
    verifyLogoutToken: createLogoutTokenProof(resolved, discover),
    ready: () => discover().then(() => true),
  }
}
