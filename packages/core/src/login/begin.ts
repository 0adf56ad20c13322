import type { GateContext } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { cookieNames, writeCookie } from '../sessions/cookie.js'
import { returnPath } from './return-path.js'
import { challengeOf, hashBrowser, isBrowserSecret, LOGIN_LIFETIME_SECONDS, sealState } from './state.js'

export interface BegunLogin {
  /** At the identity provider. */
  readonly location: string
  readonly setCookie: string
}

/**
 * Begins a login: PKCE S256, state and nonce, all bound to this browser by its login cookie, which several tabs share.
 * `returnTo` may be anything; only a path of our origin is kept. Refused with `login_unavailable` without a provider;
 * rejects with `provider_unavailable` or `provider_misconfigured`.
 */
export async function beginLogin(
  context: GateContext,
  input: { returnTo: string | undefined; browser: string | undefined },
): Promise<Outcome<BegunLogin>> {
  const { identityProvider, publicUrl, secure } = context.options
  if (!identityProvider) return refused('login_unavailable')
  const browser = isBrowserSecret(input.browser) ? input.browser : context.randomId(32)
  const state = {
    id: context.randomId(16),
    returnTo: returnPath(input.returnTo, publicUrl),
    browser: hashBrowser(browser),
    expiresAt: context.clock() + LOGIN_LIFETIME_SECONDS * 1000,
  }
  const location = await identityProvider.begin(
    challengeOf(context, sealState(context, state), state, browser),
  )
  const cookie = { secure, maxAgeSeconds: LOGIN_LIFETIME_SECONDS }
  return done({ location: location.href, setCookie: writeCookie(cookieNames(secure).login, browser, cookie) })
}
