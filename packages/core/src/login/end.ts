import type { RequestTrace } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { clearCookie, cookieNames } from '../sessions/cookie.js'
import { endSession } from '../sessions/end.js'
import type { SessionKey } from '../sessions/session.js'
import { returnPath } from './return-path.js'

export interface EndedLogin {
  /** Where the session at the provider is ended; absent when there is none to end, or no way to. */
  readonly location?: string
  /** Where a new login should lead. */
  readonly returnTo: string
  readonly setCookies: readonly string[]
}

/**
 * Ends the session here, then sends the browser to end it at the provider too (OpenID Connect RP-Initiated Logout 1.0),
 * which comes back to `publicUrl/`. Where the provider offers no logout, is out of reach, or nobody was logged in, there is no
 * `location`, and the browser may go to nothing that needs a login: the provider would log in again unasked. Rejects, with the session alive and the cookie untouched, when the store cannot end it.
 */
export async function endLogin(
  context: GateContext,
  input: { session?: SessionKey; returnTo: string | undefined; trace?: RequestTrace },
): Promise<EndedLogin> {
  const { publicUrl, secure } = context.options
  const left = {
    returnTo: returnPath(input.returnTo, publicUrl),
    setCookies: [clearCookie(cookieNames(secure).session, secure)],
  }
  const ended =
    input.session &&
    (await endSession(context, { key: input.session, ...(input.trace && { trace: input.trace }) }))
  const location = ended?.ok ? await providerLogout(context, ended.value.session.idToken) : undefined
  return location === undefined ? left : { ...left, location }
}

async function providerLogout(context: GateContext, idToken: string): Promise<string | undefined> {
  const { identityProvider, publicUrl } = context.options
  try {
    const url = await identityProvider?.logoutUrl({ idToken, returnTo: `${publicUrl}/` })
    return url?.href
  } catch (cause) {
    context.report({
      level: 'warn',
      code: 'provider_logout_failed',
      detail: 'The session ended here, but not at the provider',
      cause,
    })
    return undefined
  }
}
