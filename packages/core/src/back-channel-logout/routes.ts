import { z } from 'zod'
import { json } from '../http/answers/answer.js'
import type { PluginContext } from '../plugin/context.js'
import { defineRoute, type Route } from '../plugin/route.js'
import { type LogoutEnds, logOutByProvider } from './log-out.js'

/** Where the identity provider says that somebody has logged out there. */
export const backChannelRoutes = (context: PluginContext, ends: LogoutEnds): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: '/oauth2/backchannel-logout',
    access: 'public',
    summary:
      'The identity provider ends a session, or all of a subject (OpenID Connect Back-Channel Logout 1.0 §2.5)',
    form: z.object({ logout_token: z.string().min(1).max(16_384) }),
    errors: 'oauth',
    answer: z.object({}),
    limit: { kind: 'guesses', counts: 'failures' },
    async handle({ body }) {
      const ended = await logOutByProvider(context, ends, body.logout_token)
      return ended.ok ? json({}) : ended.denial
    },
  }),
]
