import { checkMembers } from '../input/check.js'
import { oneOf } from '../input/kinds.js'
import { depsOf } from '../plugin/context.js'
import type { Plugin } from '../plugin/plugin.js'
import { LOGOUT_DENIALS, type LogoutEnds } from './log-out.js'

export interface BackChannelLogoutOptions {
  /**
   * What a logout of a whole subject ends: `everything` (default), or `sessions` and refresh tokens while tokens and API
   * keys go on.
   */
  readonly ends?: LogoutEnds
}

/** Ends what the identity provider says has ended (OpenID Connect Back-Channel Logout 1.0), at `/oauth2/backchannel-logout`. */
export function backChannelLogout(
  options: BackChannelLogoutOptions = {},
): Plugin<'backChannelLogout', undefined> {
  const { ends = 'everything' } = options
  return {
    name: 'backChannelLogout',
    denials: LOGOUT_DENIALS,
    auditActions: { 'account.provider_logout': 'essential' },
    check(problems) {
      checkMembers(options, { ends: oneOf('everything', 'sessions') }, problems, {
        name: 'backChannelLogout',
      })
    },
    start(context) {
      const deps = depsOf(context)
      return { routes: async () => (await import('./routes.js')).backChannelRoutes(deps, ends) }
    },
  }
}
