import { z } from 'zod'
import { canonicalEmail, isEmail } from '../../accounts/account-id.js'
import { refuseUnlisted } from '../../auth-request/allowed.js'
import { AUTH_REQUEST_PATH, originalOf } from '../../auth-request/original-request.js'
import { sendToLoginOr } from '../../authentication/authenticate.js'
import type { Identity } from '../../authentication/identity.js'
import type { GateContext } from '../../context/context.js'
import { type Denial, denial } from '../../errors/denial.js'
import { done } from '../../errors/outcome.js'
import { limitGuess } from '../../rate-limit/limit-guess.js'
import { visibleAscii, visibleAsciiList } from '../../request/field-value.js'
import { headerValues, isUpgrade } from '../../request/head.js'
import type { RequestView } from '../../request/view.js'
import { redirect, refuse } from '../answers/answer.js'
import { type Route, route } from '../route.js'

const listed = z
  .string()
  .max(8192)
  .transform((text) => text.split(',').filter(Boolean))
  // An empty list is a variable that was not set: whom it would let in cannot have been meant.
  .refine((entries) => entries.length > 0)

const emails = listed.transform((entries, check) =>
  entries.map((entry) => {
    const account = canonicalEmail(entry)
    if (account === undefined) check.addIssue({ code: 'custom', message: 'not an e-mail address' })
    return account ?? ''
  }),
)

/** Strict: a parameter that does not do what it says must not pass for one that does. */
const place = z.strictObject({
  allowed_groups: listed.optional(),
  allowed_emails: emails.optional(),
  allowed_email_domains: listed.optional(),
  login: z.enum(['redirect', 'refuse']).optional(),
})

type Place = z.output<typeof place>

const judged: Pick<Route, 'judgedBy' | 'refusal'> = {
  judgedBy(context, view) {
    const original = originalOf(context.options.authRequest.proxy, view)
    return original.ok ? done(original.value.view) : original
  },
  refusal(context, { view, url }, refused) {
    const asked = url.searchParams.get('login')
    const isRedirected = asked
      ? asked === 'redirect'
      : context.options.authRequest.unauthenticated === 'login'
    const original = originalOf(context.options.authRequest.proxy, view)
    const decision =
      isRedirected && original.ok ? sendToLoginOr(context, original.value.view, refused) : undefined
    return decision?.outcome === 'login'
      ? redirect(context.options.publicUrl + decision.location)
      : refuse(limitGuess(context, view, refused))
  },
}

function answer(
  { gate, view, identity }: { gate: GateContext; view: RequestView; identity: Identity },
  { allowed_groups: groups, allowed_emails, allowed_email_domains: emailDomains }: Place,
  status: number,
): Response {
  const refusal =
    refuseOriginal(gate, view, identity) ??
    refuseUnlisted({ groups, emails: allowed_emails, emailDomains }, identity)
  if (refusal) return refuse(refusal)
  return new Response(null, {
    status,
    headers: {
      'x-auth-request-user': visibleAscii(identity.accountId),
      // Empty rather than left out: some proxies pass on what the client sent in place of a header that is missing.
      'x-auth-request-email': isEmail(identity.email) ? visibleAscii(identity.email) : '',
      'x-auth-request-groups': visibleAsciiList(identity.groups),
      'cache-control': 'no-store',
    },
  })
}

/** What the role and the site rule ask for beyond what they ask of a request that comes to the gate itself. */
function refuseOriginal(
  context: GateContext,
  view: RequestView,
  { role, credential }: Identity,
): Denial | undefined {
  const original = originalOf(context.options.authRequest.proxy, view)
  const isMethodKnown = original.ok && original.value.isMethodKnown
  if (role === 'viewer' && !isMethodKnown)
    return denial('role_insufficient', { detail: 'The proxy does not tell the method of the request.' })
  // What the gate ignores, the proxy or what is behind it may not.
  if (role === 'viewer' && isUpgrade(view)) return denial('role_insufficient')
  if (!credential.isSentByBrowsers) return undefined
  const [origin] = headerValues(view.rawHeaders, 'origin')
  const { publicUrl } = context.options
  // RFC 6455 §10.2; and browsers name the origin of whatever may change something (Fetch §3.2).
  const isCrossOrigin = isUpgrade(view)
    ? origin !== publicUrl
    : !isMethodKnown && origin !== undefined && origin !== publicUrl
  return isCrossOrigin ? denial('cross_site_request') : undefined
}

/** For reverse proxies that ask whether a request may pass. */
export const authRequestRoutes = [
  route({
    method: 'GET',
    path: AUTH_REQUEST_PATH,
    access: 'identified',
    summary: 'For nginx auth_request, Traefik and Caddy: 202 with who it is, 401 or 403',
    query: place,
    status: 202,
    headers: {
      'X-Auth-Request-User': 'The account',
      'X-Auth-Request-Email': 'Its e-mail address',
      'X-Auth-Request-Groups': 'With commas between them; empty for tokens and API keys',
    },
    ...judged,
    handle: async (context) => answer(context, context.query, 202),
  }),
]

/** Envoy asks with the method and the path of the original request, behind the path of this route; it wants a 200. */
export const envoyAuthRoute = route({
  method: 'GET',
  path: `${AUTH_REQUEST_PATH}/*`,
  access: 'identified',
  summary: 'For Envoy ext_authz',
  ...judged,
  handle: async (context) => answer(context, {}, 200),
})
