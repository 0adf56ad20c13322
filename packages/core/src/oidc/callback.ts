import * as client from 'openid-client'
import type { LoginChallenge, ProviderLogin } from '../login/identity-provider.js'
import { type Claims, describePerson, isAllSaid, namesAddress, readAddress } from './claims.js'
import { CLOCK_SKEW_SECONDS } from './discovery.js'
import { explainFailure, isRefusal, misconfigured, requireSound } from './explain.js'
import type { ResolvedOidcOptions } from './options.js'

/** The code exchange and its checks (OpenID Connect Core 1.0 §3.1.3, RFC 9207 §2.4, RFC 9700 §2.1.1). */
export async function completeAtProvider(
  configuration: client.Configuration,
  options: ResolvedOidcOptions,
  callback: URL,
  challenge: LoginChallenge,
): Promise<ProviderLogin> {
  try {
    const answered = new URL(challenge.redirectUri)
    answered.search = callback.search
    const tokens = await client.authorizationCodeGrant(configuration, answered, {
      pkceCodeVerifier: challenge.codeVerifier,
      expectedState: challenge.state,
      expectedNonce: challenge.nonce,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    if (!claims || !tokens.id_token)
      throw misconfigured('the provider sent no ID token', ['scopes', 'issuer'])
    requireSound(claims, CLOCK_SKEW_SECONDS)
    const userinfo = isAllSaid(claims, options)
      ? {}
      : await askForDetails(configuration, options, tokens.access_token, claims)
    const sources: readonly [Claims, Claims] =
      !namesAddress(claims, options) && namesAddress(userinfo, options)
        ? [userinfo, claims]
        : [claims, userinfo]
    return {
      ...readAddress(...sources, options),
      ...describePerson({ ...userinfo, ...claims }, options.groupsClaim),
      issuer: claims.iss,
      subject: claims.sub,
      idToken: tokens.id_token,
    }
  } catch (cause) {
    throw explainFailure(cause, options)
  }
}

async function askForDetails(
  configuration: client.Configuration,
  options: ResolvedOidcOptions,
  accessToken: string,
  claims: client.IDToken,
): Promise<Claims> {
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return {}
  try {
    return await client.fetchUserInfo(configuration, accessToken, claims.sub)
  } catch (cause) {
    // Asked for objections alone: some have a userinfo endpoint for another resource (AD FS).
    if (namesAddress(claims, options) && isRefusal(cause)) return {}
    throw explainFailure(cause, options, 'userinfo')
  }
}
