import { z } from 'zod'
import type { Identity } from '../../authentication/identity.js'
import { scopesToHandOn } from '../../authorization/scopes.js'
import type { Deps } from '../../context/context.js'
import { readUserCode, showUserCode } from '../../device/codes.js'
import { decideDevice, lookUpDevice } from '../../device/decide.js'
import { refuse } from '../answers/answer.js'
import { codePage, consentPage } from '../answers/consent-page.js'
import { page } from '../answers/page.js'
import { type RouteContext, route } from '../route.js'

const code = z.string().max(64)

function programName(deps: Deps, clientId: string): string {
  return deps.options.oauthClients.find(({ id }) => id === clientId)?.name ?? clientId
}

/** What of the wish this account can hand on. */
function grantable(deps: Deps, identity: Identity, wished: readonly string[]): readonly string[] {
  const own = scopesToHandOn(deps, identity)
  return wished.filter((scope) => own.includes(scope))
}

async function ask({
  deps,
  identity,
  query,
}: RouteContext<{ user_code?: string | undefined }, unknown, Identity>): Promise<Response> {
  if (query.user_code === undefined) return codePage()
  const found = await lookUpDevice(deps, identity, readUserCode(query.user_code))
  if (!found.ok && found.denial.code === 'code_unknown') return codePage(found.denial.detail)
  if (!found.ok) return refuse(found.denial)
  const shown = showUserCode(found.value.userCode)
  return consentPage(deps, {
    program: programName(deps, found.value.clientId),
    account: identity.email,
    scopes: grantable(deps, identity, found.value.scopes),
    advice: `Allow this only if you started it yourself and the program shows the code ${shown}.`,
    action: '/device',
    fields: { user_code: shown },
  })
}

/** Where a person lets a program on another device in (RFC 8628 §3.3). */
export const deviceRoutes = [
  route({
    method: 'GET',
    path: '/device',
    access: 'person',
    limit: { kind: 'approvals', counts: 'calls' },
    summary: 'The page on which a person approves a device; needs a browser session',
    query: z.object({ user_code: code.optional() }),
    media: 'text/html',
    handle: ask,
  }),
  route({
    method: 'POST',
    path: '/device',
    access: 'person',
    limit: { kind: 'approvals', counts: 'calls' },
    summary: 'Approve or deny a device; needs a browser session',
    media: 'text/html',
    form: z.object({ user_code: code, decision: z.enum(['approve', 'deny']) }),
    async handle({ deps, identity, trace, body }) {
      const userCode = readUserCode(body.user_code)
      const found = await lookUpDevice(deps, identity, userCode)
      if (!found.ok) return refuse(found.denial)
      const scopes = grantable(deps, identity, found.value.scopes)
      const isApproved = body.decision === 'approve' && scopes.length > 0
      const decision = isApproved ? 'approved' : 'denied'
      const decided = await decideDevice(deps, { identity, userCode, decision, scopes, trace })
      if (!decided.ok) return refuse(decided.denial)
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
