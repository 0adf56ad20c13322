import { describe, expect, it } from 'vitest'
import { nameOfAccess, type Route } from '../../src/http/route.js'
import { SCIM_SECRET } from '../gate/shipped-plugins.js'
import { answerOf, CALLERS, type Caller, type Headers, open, startIssuer } from './callers.js'
import { ROUTES } from './every-route.js'
import type { HttpFixture } from './http-fixture.js'

startIssuer()

/** What a caller who may use the route sends so that it gets past every check of form. A route without a row fails. */
interface Row {
  readonly path?: string | ((userId: string) => string)
  readonly body?: unknown
  readonly form?: Readonly<Record<string, string>>
  /** What whoever may use the route gets: status, and the code where it is an error. */
  readonly answer: string
  /** To those who send a bearer, where that differs. */
  readonly toBearers?: string
}

const AUTHORIZATION = {
  response_type: 'code',
  client_id: 'portcullis-cli',
  redirect_uri: 'http://127.0.0.1:49152/callback',
  code_challenge: 'a'.repeat(43),
  code_challenge_method: 'S256',
}

const DIRECTORY_USER = 'directory@example.com'
const userPath = (id: string) => `/scim/v2/Users/${id}`

const REQUESTS: Record<string, Row> = {
  'GET /oauth2/start': { answer: '302' },
  'GET /oauth2/sign_in': { answer: '302' },
  'GET /oauth2/callback': { answer: '403 login_refused', path: '/oauth2/callback?code=x&state=y' },
  'GET /oauth2/sign_out': { answer: '200' },
  'POST /oauth2/sign_out': { answer: '200' },
  'POST /oauth2/backchannel-logout': { answer: '400 invalid_request', form: { logout_token: 'unknown' } },
  'GET /oauth2/auth': { answer: '202' },
  'GET /oauth2/userinfo': { answer: '200' },
  'POST /api/token/generate': { answer: '201', body: { scopes: ['tokens:write'] } },
  'POST /api/token/renew': { answer: '409 renewal_refused' },
  'GET /api/token/list': { answer: '200' },
  'GET /api/token/info': { answer: '404 token_not_found', path: '/api/token/info?token_id=unknown' },
  'POST /api/token/revoke': { answer: '404 token_not_found', body: { token_id: 'unknown' } },
  'GET /api/token/options': { answer: '200' },
  'GET /v1/user/keys': { answer: '200' },
  'POST /v1/user/keys': { answer: '201', body: { scopes: ['tokens:write'] } },
  'POST /v1/user/keys/{key_id}/rotate': {
    answer: '404 key_not_found',
    path: '/v1/user/keys/unknown/rotate',
    body: {},
  },
  'DELETE /v1/user/keys/{key_id}': { answer: '404 key_not_found', path: '/v1/user/keys/unknown' },
  'POST /oauth2/token': {
    answer: '400 invalid_grant',
    toBearers: '401 invalid_client',
    form: { grant_type: 'refresh_token', refresh_token: 'unknown', client_id: 'portcullis-cli' },
  },
  'POST /oauth2/device_authorization': {
    answer: '200',
    toBearers: '401 invalid_client',
    form: { client_id: 'portcullis-cli' },
  },
  'POST /oauth2/revoke': {
    answer: '200',
    toBearers: '401 invalid_client',
    form: { client_id: 'portcullis-cli', token: 'unknown' },
  },
  'POST /oauth2/introspect': {
    answer: '401 invalid_client',
    form: { client_id: 'portcullis-cli', token: 'unknown' },
  },
  'GET /oauth2/authorize': { answer: '200', path: `/oauth2/authorize?${new URLSearchParams(AUTHORIZATION)}` },
  'POST /oauth2/authorize': { answer: '302', form: { ...AUTHORIZATION, decision: 'deny' } },
  'GET /device': { answer: '200' },
  'POST /device': { answer: '404 code_unknown', form: { user_code: 'BCDFGHJK', decision: 'deny' } },
  'GET /.well-known/oauth-authorization-server': { answer: '200' },
  'GET /.well-known/oauth-protected-resource': { answer: '200' },
  'GET /api/admin/tokens': { answer: '200' },
  'GET /api/admin/tokens/{email}': { answer: '200', path: '/api/admin/tokens/user@example.com' },
  'DELETE /api/admin/tokens/{token_id}': { answer: '404 token_not_found', path: '/api/admin/tokens/unknown' },
  'POST /api/admin/tokens/revoke-user': { answer: '200', body: { user_email: 'someone@example.com' } },
  'POST /api/admin/sessions/revoke-user': { answer: '200', body: { user_email: 'someone@example.com' } },
  'POST /api/admin/sessions/force-logout': { answer: '200', body: { user_email: 'someone@example.com' } },
  'DELETE /api/admin/sessions/unban/{email}': {
    answer: '404 not_banned',
    path: '/api/admin/sessions/unban/someone@example.com',
  },
  'POST /api/admin/store/accept-loss': { answer: '200' },
  'GET /api/admin/audit': { answer: '200' },
  'GET /api/admin/audit/verify': { answer: '200' },
  'POST /scim/v2/Users': { answer: '201', body: { userName: 'someone@example.com' } },
  'GET /scim/v2/Users': { answer: '200' },
  'GET /scim/v2/Users/{id}': { answer: '200', path: userPath },
  'PUT /scim/v2/Users/{id}': {
    answer: '200',
    path: userPath,
    body: { userName: DIRECTORY_USER },
  },
  'PATCH /scim/v2/Users/{id}': {
    answer: '200',
    path: userPath,
    body: { Operations: [{ op: 'replace', value: { active: false } }] },
  },
  'DELETE /scim/v2/Users/{id}': { answer: '204', path: userPath },
  'GET /scim/v2/ServiceProviderConfig': { answer: '200' },
  'GET /scim/v2/ResourceTypes': { answer: '200' },
  'GET /scim/v2/ResourceTypes/{id}': { answer: '200', path: '/scim/v2/ResourceTypes/User' },
  'GET /scim/v2/Schemas': { answer: '200' },
  'GET /scim/v2/Schemas/{id}': {
    answer: '200',
    path: '/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User',
  },
  'GET /openapi.json': { answer: '200' },
  'GET /health': { answer: '200' },
  'GET /ready': { answer: '200' },
  'GET /.well-known/jwks.json': { answer: '200' },
  'GET /.well-known/portcullis/problems/{code}': {
    answer: '200',
    path: '/.well-known/portcullis/problems/token_revoked',
  },
}

/** Whom a row is about that names a user of the directory. */
async function createDirectoryUser({ call }: HttpFixture): Promise<string> {
  const headers = { authorization: `Bearer ${SCIM_SECRET}` }
  const created = await call('POST', '/scim/v2/Users', { headers, body: { userName: DIRECTORY_USER } })
  expect(created.status).toBe(201)
  return ((await created.json()) as { id: string }).id
}

const nameOf = (route: Route) => `${route.method} ${route.path}`

function expectedOf(route: Route, { refusals, onWriting, mayIntrospect }: Caller, headers: Headers): string {
  if (mayIntrospect && route.path === '/oauth2/introspect') return '200'
  const refusal = (route.method === 'GET' ? refusals : (onWriting ?? refusals))[nameOfAccess(route.access)]
  if (refusal !== undefined) return refusal
  const { answer, toBearers = answer } = REQUESTS[nameOf(route)] ?? {}
  // Clients of OAuth prove themselves in the header that a bearer takes up.
  return (headers.authorization === undefined ? answer : toBearers) ?? 'no row'
}

describe('credential × role × route', () => {
  it('has a row for every route, and no other', () => {
    expect(Object.keys(REQUESTS).sort()).toEqual(ROUTES.map(nameOf).sort())
  })

  for (const [name, caller] of Object.entries(CALLERS))
    for (const route of ROUTES)
      it(`${name}: ${nameOf(route)}`, async () => {
        const fixture = await open()
        const headers = await caller.headers(fixture)
        const { path = route.path, body, form } = REQUESTS[nameOf(route)] ?? {}
        const target = typeof path === 'string' ? path : path(await createDirectoryUser(fixture))
        const response = await fixture.call(route.method, target, {
          headers: { 'sec-fetch-site': 'same-origin', 'x-original-method': 'GET', ...headers },
          ...(body === undefined ? {} : { body }),
          ...(form && { form }),
        })
        expect(await answerOf(response)).toBe(expectedOf(route, caller, headers))
      })
})
