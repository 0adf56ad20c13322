import { z } from 'zod'
import type { Identity } from '../../authentication/identity.js'
import { scopesToHandOn } from '../../authorization/scopes.js'
import type { GateContext } from '../../context/context.js'
import { type Denial, isDenial } from '../../errors/denial.js'
import { redirect } from '../../http/answers/answer.js'
import { defineRoute, type Route } from '../../plugin/route.js'
import { approvalBy } from '../approval.js'
import { issueCode } from '../authorization-code.js'
import { type OAuthClient, scopesForClient } from '../clients.js'
import { oauthDenial } from '../denials.js'
import { mayRedirectTo } from '../redirect-uri.js'
import { FOREIGN_RESOURCE, isOwnResource } from '../resource.js'
import { clientWithId, type OAuthServer } from '../server.js'
import { consentPage } from './consent-page.js'

const text = z.string().max(2048)

/** RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707. */
const wish = z.object({
  response_type: text,
  response_mode: text.optional(),
  client_id: text,
  redirect_uri: text,
  code_challenge: text.optional(),
  code_challenge_method: text.optional(),
  scope: text.optional(),
  state: text.optional(),
  resource: text.optional(),
})

type Wish = z.output<typeof wish>

/** S256 challenges are 32 bytes. */
const CHALLENGE = /^[\w-]{43}$/

interface Admitted {
  readonly client: OAuthClient
  readonly scopes: readonly string[]
  readonly codeChallenge: string
}

/**
 * A wish that may be put before a person. One whose client or redirect URI is unknown is answered here: its sender must
 * not be able to send the browser anywhere.
 */
function admit(
  context: GateContext,
  server: OAuthServer,
  identity: Identity,
  wished: Wish,
): Admitted | Response | Denial {
  const client = clientWithId(server, wished.client_id)
  if (!client) return oauthDenial('client_invalid')
  if (!mayRedirectTo(client, wished.redirect_uri)) return oauthDenial('redirect_uri_refused')
  const answerError = (error: string, description: string) =>
    redirect(errorUrl(wished, context.options.issuer, error, description))
  if (wished.response_type !== 'code')
    return answerError('unsupported_response_type', 'response_type has to be code.')
  if (wished.response_mode !== undefined && wished.response_mode !== 'query')
    return answerError('invalid_request', 'response_mode has to be query.')
  const { code_challenge: codeChallenge = '', code_challenge_method: method } = wished
  if (method !== 'S256' || !CHALLENGE.test(codeChallenge))
    return answerError('invalid_request', 'A code_challenge with the method S256 is needed.')
  if (wished.resource !== undefined && !isOwnResource(wished.resource, context.options))
    return answerError('invalid_target', FOREIGN_RESOURCE)
  const asked = wished.scope?.split(' ').filter(Boolean) ?? []
  const scopes = asked.length > 0 ? asked : [context.options.requiredScope]
  if (scopes.some((scope) => !Object.hasOwn(context.options.scopes, scope)))
    return answerError('invalid_scope', 'A scope is unknown.')
  const own = scopesToHandOn(context, identity)
  const granted = scopesForClient(client, scopes).filter((scope) => own.includes(scope))
  if (granted.length === 0) return answerError('invalid_scope', 'None of the scopes may be granted.')
  return { client, scopes: granted, codeChallenge }
}

/** RFC 6749 §4.1.2, RFC 9207. */
function answerUrl(
  { redirect_uri: uri, state }: Pick<Wish, 'redirect_uri' | 'state'>,
  issuer: string,
  answer: Record<string, string>,
): string {
  const url = new URL(uri)
  for (const [name, value] of Object.entries({
    ...answer,
    ...(state === undefined ? {} : { state }),
    iss: issuer,
  }))
    url.searchParams.set(name, value)
  return url.href
}

/** The description is ASCII without quotes (RFC 6749 §4.1.2.1). */
function errorUrl(
  wished: Pick<Wish, 'redirect_uri' | 'state'>,
  issuer: string,
  error: string,
  description: string,
): string {
  return answerUrl(wished, issuer, { error, error_description: description })
}

/** RFC 6749 §4.1.2.1: what the client got wrong it is told itself, as long as it is known which one it is and where. */
function tellClient(
  { options }: GateContext,
  server: OAuthServer,
  { searchParams }: URL,
  { code }: Denial,
): Response | undefined {
  const only = (name: string) => {
    const [value, ...more] = searchParams.getAll(name)
    return more.length === 0 ? value : undefined
  }
  const client = clientWithId(server, only('client_id'))
  const uri = only('redirect_uri')
  if (code !== 'input_invalid' || !client || uri === undefined || !mayRedirectTo(client, uri))
    return undefined
  const state = only('state')
  const wished = { redirect_uri: uri, ...(state === undefined ? {} : { state }) }
  const reason = 'A parameter is missing, given twice or too long.'
  return redirect(errorUrl(wished, options.issuer, 'invalid_request', reason))
}

/** The authorization endpoint: a person lets a program act for them (RFC 6749 §4.1 with PKCE). */
export const authorizeRoutes = (context: GateContext, server: OAuthServer): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/oauth2/authorize',
    access: 'person',
    limit: { kind: 'approvals', counts: 'calls' },
    summary: 'Ask a person to let a program act for them; needs a browser session',
    query: wish,
    refusal: ({ url }, refused) => tellClient(context, server, url, refused),
    media: 'text/html',
    otherwise: {
      302: { description: 'To the client, with an error (RFC 6749 §4.1.2.1), or to log in first' },
    },
    async handle({ identity, query }) {
      const admitted = admit(context, server, identity, query)
      if (admitted instanceof Response || isDenial(admitted)) return admitted
      const { client, scopes } = admitted
      return consentPage(context, {
        program: client.name ?? client.id,
        account: identity.email,
        scopes,
        advice: 'Allow this only if you have just started it yourself.',
        action: '/oauth2/authorize',
        answeredTo: new URL(query.redirect_uri).origin,
        fields: Object.fromEntries(
          Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined),
        ),
      })
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/oauth2/authorize',
    access: 'person',
    limit: { kind: 'approvals', counts: 'calls' },
    summary: 'What the person has decided; needs a browser session',
    form: wish.extend({ decision: z.enum(['approve', 'deny']) }),
    status: 302,
    async handle({ identity, body }) {
      const admitted = admit(context, server, identity, body)
      if (admitted instanceof Response || isDenial(admitted)) return admitted
      const { issuer } = context.options
      if (body.decision === 'deny')
        return redirect(errorUrl(body, issuer, 'access_denied', 'The person has denied the request.'))
      const approval = await approvalBy(context, identity)
      if (!approval.ok) return approval.denial
      const code = await issueCode(context, {
        clientId: admitted.client.id,
        redirectUri: body.redirect_uri,
        codeChallenge: admitted.codeChallenge,
        scopes: admitted.scopes,
        approval: approval.value,
      })
      return redirect(answerUrl(body, issuer, { code }))
    },
  }),
]
