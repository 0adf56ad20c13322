import { z } from 'zod'
import { logOutByProvider } from '../../back-channel-logout/log-out.js'
import { json } from '../answers/answer.js'
import { oauthRefusal } from '../answers/oauth-error.js'
import { route } from '../route.js'

/** Where the identity provider says that somebody has logged out there. */
export const backChannelRoutes = [
  route({
    method: 'POST',
    path: '/oauth2/backchannel-logout',
    access: 'public',
    summary:
      'The identity provider ends a session, or all of a subject (OpenID Connect Back-Channel Logout 1.0 §2.5)',
    form: z.object({ logout_token: z.string().min(1).max(16_384) }),
    errors: 'oauth',
    answer: z.object({}),
    limit: { kind: 'guesses', counts: 'failures' },
    async handle({ deps, body }) {
      const ended = await logOutByProvider(deps, body.logout_token)
      return ended.ok ? json({}) : oauthRefusal(ended.denial)
    },
  }),
]
