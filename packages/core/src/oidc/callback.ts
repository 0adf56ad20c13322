import * as client from 'openid-client'
import { PortcullisError } from '../errors.js'
import { type LoginChallenge, LoginRefused, type ProviderLogin } from '../provider.js'
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
    if (!claims || !tokens.id_token) throw new LoginRefused('The provider sent no ID token')
    const userinfo = namesAddress(claims, options)
      ? {}
      : await askForDetails(configuration, tokens.access_token, claims.sub)
    return {
      ...readAddress(namesAddress(userinfo, options) ? userinfo : claims, options),
      ...describe({ ...userinfo, ...claims }, options.groupsClaim),
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

type Claims = Readonly<Record<string, unknown>>
type AddressOptions = Pick<ResolvedOidcOptions, 'emailClaim' | 'emailVerification'>

/**
 * Whether a source names an address and says itself what it is worth. The ID token and userinfo may name two addresses, and
 * what one says of its own is no word about the other's (OpenID Connect Core 1.0 §5.1).
 */
function namesAddress(claims: Claims, { emailClaim, emailVerification }: AddressOptions): boolean {
  const isVouchedFor = emailVerification !== 'claim' || claims.email_verified !== undefined
  return typeof claims[emailClaim] === 'string' && isVouchedFor
}

function readAddress(claims: Claims, { emailClaim, emailVerification }: AddressOptions) {
  const { [emailClaim]: email, email_verified: verified = emailVerification !== 'claim' } = claims
  return {
    // Some providers send booleans as text.
    emailVerified: verified === true || verified === 'true',
    ...(typeof email === 'string' ? { email } : {}),
  }
}

function describe(claims: Claims, groupsClaim: string) {
  const { name, sid } = claims
  const groups = claims[groupsClaim]
  return {
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [],
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
