import * as client from 'openid-client'
import type { LoginChallenge } from '../login/identity-provider.js'
import type { ResolvedOidcOptions } from './options.js'

/** The authorization request (OpenID Connect Core 1.0 §3.1.2.1, RFC 7636). */
export async function beginAtProvider(
  configuration: client.Configuration,
  { scope }: ResolvedOidcOptions,
  { state, nonce, codeVerifier, redirectUri }: LoginChallenge,
): Promise<URL> {
  return client.buildAuthorizationUrl(configuration, {
    response_type: 'code',
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  })
}
