import * as client from 'openid-client'
import { PortcullisError } from '../errors.js'
import { type LoginChallenge, LoginRefused, type ProviderLogin } from '../provider.js'
import type { ResolvedOidcOptions } from './options.js'

/** The code exchange and its checks (OpenID Connect Core 1.0 §3.1.3, RFC 9207 §2.4, RFC 9700 §2.1.1). */
export async function completeAtProvider(
  configuration: client.Configuration,
  { groupsClaim }: ResolvedOidcOptions,
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
    if (!claims || !tokens.id_token) throw new LoginRefused('The provider sent no ID token')
    const isComplete = claims.email !== undefined && claims.email_verified !== undefined
    const details = isComplete
      ? claims
      : { ...(await askForDetails(configuration, tokens.access_token, claims.sub)), ...claims }
    return {
      ...describe(details, groupsClaim),
      issuer: claims.iss,
      subject: claims.sub,
      idToken: tokens.id_token,
    }
  } catch (cause) {
    throw classify(cause)
  }
}

async function askForDetails(configuration: client.Configuration, accessToken: string, subject: string) {
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return {}
  return client.fetchUserInfo(configuration, accessToken, subject)
}

function describe(claims: Readonly<Record<string, unknown>>, groupsClaim: string) {
  const { email, email_verified: verified, name, sid } = claims
  const groups = claims[groupsClaim]
  return {
    // Some providers send booleans as text.
    emailVerified: verified === true || verified === 'true',
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [],
    ...(typeof email === 'string' ? { email } : {}),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof sid === 'string' ? { providerSessionId: sid } : {}),
  }
}

/** An answer that proves nothing refuses the login; no answer at all, or a broken provider, is a malfunction. */
function classify(cause: unknown): LoginRefused | PortcullisError {
  if (cause instanceof LoginRefused) return cause
  if (isOutage(cause))
    return new PortcullisError('provider_unavailable', 'The provider did not answer', { cause })
  return new LoginRefused('The provider’s answer proves no login', cause)
}

const OUTAGES = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT'])

function isOutage(cause: unknown): boolean {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if ('code' in error && OUTAGES.has(String(error.code))) return true
    if (error.name === 'TypeError' && error.message === 'fetch failed') return true
    if ('status' in error && Number(error.status) >= 500) return true
    if (error.cause instanceof Response) return error.cause.status >= 500
  }
  return false
}
