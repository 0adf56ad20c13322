import { html } from 'hono/html'
import { z } from 'zod'
import type { Identity } from '../authentication/identity.js'
import type { Denial } from '../errors/denial.js'
import { json } from '../http/answers/answer.js'
import { page } from '../http/answers/page.js'
import { authenticateClient } from '../oauth/client-auth.js'
import { provenClient } from '../oauth/routes/proven-caller.js'
import { scopesIn } from '../oauth/routes/token.js'
import { clientWithId, type OAuthServer } from '../oauth/server.js'
import { defineRoute, type Route, type RouteCall } from '../plugin/route.js'
import { beginDevice } from './begin.js'
import { readUserCode, showUserCode } from './codes.js'
import { decideDevice, lookUpDevice } from './decide.js'
import type { DeviceContext } from './request.js'
import { DEVICE_LIFETIME_SECONDS, FIRST_INTERVAL_SECONDS } from './request.js'

const code = z.string().max(64)
const text = z.string().max(16_384).optional()

/** What of the wish this account can hand on. */
function grantable(context: DeviceContext, identity: Identity, wished: readonly string[]): readonly string[] {
  const own = context.scopesToHandOn(identity)
  return wished.filter((scope) => own.includes(scope))
}

async function ask(
  context: DeviceContext,
  server: OAuthServer,
  { identity, query }: RouteCall<{ user_code?: string | undefined }, unknown, Identity>,
): Promise<Response | Denial> {
  if (query.user_code === undefined) return codePage()
  const found = await lookUpDevice(context, identity, readUserCode(query.user_code))
  if (!found.ok && found.denial.code === 'code_unknown') return codePage(found.denial.detail)
  if (!found.ok) return found.denial
  const shown = showUserCode(found.value.userCode)
  return server.consentPage({
    program: clientWithId(server, found.value.clientId)?.name ?? found.value.clientId,
    account: identity.email,
    scopes: grantable(context, identity, found.value.scopes),
    advice: `Allow this only if you started it yourself and the program shows the code ${shown}.`,
    action: '/device',
    fields: { user_code: shown },
  })
}

/** Asks for the code that a program shows. */
export function codePage(problem?: string): Promise<Response> {
  return page({
    title: 'Connect a device',
    paragraphs: [...(problem === undefined ? [] : [problem]), 'Type the code that the program shows you.'],
    action: html`<form method="get" action="/device">
<label>Code <input name="user_code" required autofocus autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="16" placeholder="BCDF-GHJK"></label>
<button>Continue</button>
</form>`,
  })
}

/** Where a program asks to be let in, and a person lets it in on another device (RFC 8628 §3.1, §3.3). */
export const deviceRoutes = (context: DeviceContext, server: OAuthServer): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: '/oauth2/device_authorization',
    access: 'public',
    summary: 'Begin a login on another device (RFC 8628 §3.1)',
    form: z.object({ client_id: text, client_secret: text, scope: text }),
    errors: 'oauth',
    clients: 'client',
    answer: z.object({
      device_code: z.string(),
      user_code: z.string(),
      verification_uri: z.string(),
      verification_uri_complete: z.string(),
      expires_in: z.int(),
      interval: z.int(),
    }),
    limit: {
      kind: 'deviceAuthorizations',
      counts: 'calls',
      callerOf: (call) => provenClient(server, call),
    },
    async handle({ view, body, address }) {
      const client = authenticateClient(server, view, body)
      if (!client.ok) return client.denial
      const begun = await beginDevice(context, {
        client: client.value,
        ...scopesIn(body.scope),
        // One that proves itself may serve many people from one address.
        address: client.value.secret === undefined ? address : undefined,
      })
      if (!begun.ok) return begun.denial
      const userCode = showUserCode(begun.value.userCode)
      const uri = `${context.publicUrl}/device`
      return json({
        device_code: begun.value.deviceCode,
        user_code: userCode,
        verification_uri: uri,
        verification_uri_complete: `${uri}?user_code=${userCode}`,
        expires_in: DEVICE_LIFETIME_SECONDS,
        interval: FIRST_INTERVAL_SECONDS,
      })
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/device',
    access: 'person',
    limit: { kind: 'approvals', counts: 'calls' },
    summary: 'The page on which a person approves a device; needs a browser session',
    query: z.object({ user_code: code.optional() }),
    media: 'text/html',
    handle: (call) => ask(context, server, call),
  }),
  defineRoute({
    method: 'POST',
    path: '/device',
    access: 'person',
    limit: { kind: 'approvals', counts: 'calls' },
    summary: 'Approve or deny a device; needs a browser session',
    media: 'text/html',
    form: z.object({ user_code: code, decision: z.enum(['approve', 'deny']) }),
    async handle({ identity, trace, body }) {
      const userCode = readUserCode(body.user_code)
      const found = await lookUpDevice(context, identity, userCode)
      if (!found.ok) return found.denial
      const scopes = grantable(context, identity, found.value.scopes)
      const isApproved = body.decision === 'approve' && scopes.length > 0
      const decision = isApproved ? 'approved' : 'denied'
      const decided = await decideDevice(context, { identity, userCode, decision, scopes, trace })
      if (!decided.ok) return decided.denial
      return page({
        title: isApproved ? 'Connected' : 'Denied',
        paragraphs: [
          isApproved
            ? 'The program has what it needs. You can close this page.'
            : 'The program gets nothing. You can close this page.',
        ],
      })
    },
  }),
]
