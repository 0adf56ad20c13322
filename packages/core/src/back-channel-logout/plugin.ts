import { denial } from '../errors/denials.js'
import { oneOf } from '../input/kinds.js'
import { type GivenOptions, optional, readOptions } from '../input/options.js'
import { gateContextOf } from '../plugin/context.js'
import type { LoginRefusal } from '../plugin/hooks.js'
import type { Plugin } from '../plugin/plugin.js'
import { enterKnownLogin, wasLoggedOutSince } from './known-login.js'
import { LOGOUT_DENIALS } from './log-out.js'

const LOGGED_OUT_MEANWHILE: LoginRefusal = {
  denial: denial('login_refused'),
  reason: 'the provider ended the session meanwhile',
}

const BACK_CHANNEL_LOGOUT_OPTIONS = {
  /**
   * What a logout of a whole subject ends: `everything` (default), or `sessions` and refresh tokens while tokens and API
   * keys go on.
   */
  ends: optional(oneOf('everything', 'sessions'), { default: 'everything' }),
}

export interface BackChannelLogoutOptions extends GivenOptions<typeof BACK_CHANNEL_LOGOUT_OPTIONS> {}

/** Ends what the identity provider says has ended (OpenID Connect Back-Channel Logout 1.0), at `/oauth2/backchannel-logout`. */
export function backChannelLogout(
  options: BackChannelLogoutOptions = {},
): Plugin<'backChannelLogout', undefined> {
  const wrong: string[] = []
  const { ends } = readOptions(options, BACK_CHANNEL_LOGOUT_OPTIONS, wrong, 'backChannelLogout')
  return {
    name: 'backChannelLogout',
    denials: LOGOUT_DENIALS,
    auditActions: { 'account.provider_logout': 'essential' },
    check(problems) {
      problems.push(...wrong)
    },
    start(context) {
      const gate = gateContextOf(context)
      return {
        logins: {
          beforeLogin: async (login) => void (await enterKnownLogin(gate, login)),
          afterLogin: async (login) =>
            (await wasLoggedOutSince(gate, login, login.beganAt)) ? LOGGED_OUT_MEANWHILE : undefined,
        },
        routes: async () => (await import('./routes.js')).backChannelRoutes(gate, ends),
      }
    },
  }
}
