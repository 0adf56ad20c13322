import * as client from 'openid-client'
import type { ResolvedOidcOptions } from './options.js'

/** OpenID Connect RP-Initiated Logout 1.0 §2; undefined when the provider has no place for it. */
export function logoutUrlAtProvider(
  configuration: client.Configuration,
  { clientId }: ResolvedOidcOptions,
  { idToken, returnTo }: { idToken: string; returnTo: string },
): URL | undefined {
  if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined
  return client.buildEndSessionUrl(configuration, {
    id_token_hint: idToken,
    post_logout_redirect_uri: returnTo,
    client_id: clientId,
  })
}
