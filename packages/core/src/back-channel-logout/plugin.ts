import { denial } from '../errors/denial.js'
import { oneOf } from '../input/kinds.js'
import { type GivenOptions, optional, readOptions } from '../input/options.js'
import type { LoginRefusal } from '../plugin/hooks.js'
import type { Plugin } from '../plugin/plugin.js'
import {
  enterKnownLogin,
  PROVIDER_SESSION,
  providerLogouts,
  providerSessions,
  SUBJECT,
  subjectAccounts,
  wasLoggedOutSince,
} from './known-login.js'
import { LOGOUT_DENIALS } from './log-out.js'
import { spentLogoutTokens } from './token-use.js'

const COLLECTIONS = {
  [subjectAccounts.name]: { name: subjectAccounts.name, in: [SUBJECT] },
  [providerSessions.name]: { name: providerSessions.name, in: [PROVIDER_SESSION] },
  [providerLogouts.name]: { name: providerLogouts.name, in: [SUBJECT, PROVIDER_SESSION] },
  [spentLogoutTokens.name]: { name: spentLogoutTokens.name, in: [spentLogoutTokens.name] },
}

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
    collections: COLLECTIONS,
    denials: LOGOUT_DENIALS,
    actsAs: 'identity-provider',
    auditActions: { 'account.provider_logout': 'essential' },
    check(problems) {
      problems.push(...wrong)
    },
    start(context) {
      return {
        logins: {
          beforeLogin: async (login) => void (await enterKnownLogin(context, login)),
          afterLogin: async (login) =>
            (await wasLoggedOutSince(context, login, login.beganAt)) ? LOGGED_OUT_MEANWHILE : undefined,
        },
        routes: async () => (await import('./routes.js')).backChannelRoutes(context, ends),
      }
    },
  }
}
