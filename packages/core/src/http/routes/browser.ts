import { z } from 'zod'
import { isEmail } from '../../accounts/account-id.js'
import { ROLES } from '../../authorization/roles.js'
import { denial } from '../../errors/denial.js'
import { beginLogin } from '../../login/begin.js'
import { completeLogin } from '../../login/complete.js'
import { endLogin } from '../../login/end.js'
import { returnPath } from '../../login/return-path.js'
import { cookieValue } from '../../request/cookies.js'
import { headerValues } from '../../request/head.js'
import { cookieNames } from '../../sessions/cookie.js'
import { parseCookieValue } from '../../sessions/session.js'
import { json, redirect, refuse } from '../answers/answer.js'
import { signedOutPage, signOutPage } from '../answers/page.js'
import { seconds } from '../answers/serialize.js'
import { type RouteContext, route } from '../route.js'

const returning = z.object({ rd: z.string().max(8192).optional() })

type Returning = z.output<typeof returning>

function cookie({ view, gate }: Pick<RouteContext, 'view' | 'gate'>, kind: 'session' | 'login') {
  const name = cookieNames(gate.options.secure)[kind]
  return cookieValue(view, name)
}

async function start({ gate, query, view }: RouteContext<Returning, unknown, undefined>): Promise<Response> {
  if (!gate.options.identityProvider) return refuse(denial('login_unavailable'))
  const begun = await beginLogin(gate, { returnTo: query.rd, browser: cookie({ gate, view }, 'login') })
  return begun.ok ? redirect(begun.value.location, [begun.value.setCookie]) : refuse(begun.denial)
}

async function signOut({
  gate,
  query,
  view,
  trace,
}: RouteContext<Returning, unknown, undefined>): Promise<Response> {
  const value = cookie({ gate, view }, 'session')
  const session = value === undefined ? undefined : parseCookieValue(value)
  const ended = await endLogin(gate, { ...(session && { session }), returnTo: query.rd, trace })
  if (ended.location !== undefined) return redirect(ended.location, ended.setCookies)
  const response = await signedOutPage(ended.returnTo)
  for (const setCookie of ended.setCookies) response.headers.append('set-cookie', setCookie)
  return response
}

/** Links inside our pages and typed addresses log out at once; a link from elsewhere asks first. */
async function signOutByLink(context: RouteContext<Returning, unknown, undefined>): Promise<Response> {
  const [site] = headerValues(context.view.rawHeaders, 'sec-fetch-site')
  if (site === 'same-origin' || site === 'none') return signOut(context)
  return signOutPage(returnPath(context.query.rd, context.gate.options.publicUrl))
}

const NOBODY_IS_KEPT_IN = 'It reads one record, and no neighbour may keep anybody from logging out'

/** Login, logout and who is logged in. */
export const browserRoutes = [
  ...(['/oauth2/start', '/oauth2/sign_in'] as const).map((path) =>
    route({
      method: 'GET',
      path,
      access: 'public',
      summary: 'To the identity provider, and back to `rd` afterwards',
      query: returning,
      status: 302,
      limit: { kind: 'logins', counts: 'calls' },
      handle: start,
    }),
  ),
  route({
    method: 'GET',
    path: '/oauth2/callback',
    access: 'public',
    summary: 'Where the identity provider sends the browser back to',
    status: 302,
    limit: { kind: 'guesses', counts: 'failures' },
    async handle({ gate, request, view, url, trace }) {
      if (!gate.options.identityProvider) return refuse(denial('login_unavailable'))
      const userAgent = request.headers.get('user-agent')
      const previousSession = cookie({ gate, view }, 'session')
      const completed = await completeLogin(gate, {
        callback: url,
        browser: cookie({ gate, view }, 'login'),
        ...(previousSession === undefined ? {} : { previousSession }),
        trace,
        ...(userAgent === null ? {} : { userAgent }),
      })
      if (!completed.ok) return refuse(completed.denial)
      return redirect(completed.value.location, completed.value.setCookies)
    },
  }),
  route({
    method: 'GET',
    path: '/oauth2/sign_out',
    access: 'public',
    summary: 'Log out here and at the identity provider; asks first when linked from another site',
    query: returning,
    status: 302,
    otherwise: {
      200: { description: 'A page that asks first, or that says signed out', media: 'text/html' },
    },
    unlimitedBecause: NOBODY_IS_KEPT_IN,
    handle: signOutByLink,
  }),
  route({
    method: 'POST',
    path: '/oauth2/sign_out',
    access: 'public',
    summary: 'Log out here and at the identity provider',
    query: returning,
    status: 302,
    otherwise: {
      200: {
        description: 'A page that says signed out, where the provider has no logout',
        media: 'text/html',
      },
    },
    unlimitedBecause: NOBODY_IS_KEPT_IN,
    handle: signOut,
  }),
  route({
    method: 'GET',
    path: '/oauth2/userinfo',
    access: 'identified',
    summary: 'Who is logged in',
    answer: z.object({
      sub: z.string(),
      user: z.string(),
      email: z.string().optional(),
      name: z.string(),
      groups: z.array(z.string()),
      role: z.enum(ROLES),
      expires_at: z.int(),
    }),
    async handle({ identity }) {
      const { accountId, email, name, groups, role, credential } = identity
      return json({
        sub: accountId,
        user: accountId,
        ...(isEmail(email) ? { email } : {}),
        name: name ?? email,
        groups,
        role,
        expires_at: seconds(credential.expiresAt),
      })
    },
  }),
]
