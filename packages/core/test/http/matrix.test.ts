import { describe, expect, it } from 'vitest'
import type { Access, Route } from '../../src/http/route.js'
import { ROUTES } from '../../src/http/table.js'
import { banAccount } from '../../src/standing/ban.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import { actingAs } from '../gate-fixture.js'
import { apiKeyOf, type HttpFixture, httpFixture, MASTER_KEY, sessionOf, tokenOf } from './http-fixture.js'

const SCIM_SECRET = 'b1vTqX8sRkM4wYzN6cJd9hLf2gPa7uEo'

/** Who calls, and which of the routes are open to them. */
const CALLERS: Record<
  string,
  { headers: (fixture: HttpFixture) => Promise<Record<string, string>>; may: readonly Access[] }
> = {
  anonymous: { headers: async () => ({}), may: ['public'] },
  'a user with a session': {
    headers: ({ deps }) => sessionOf(deps, 'user@example.com'),
    may: ['public', 'identified', 'person', 'account'],
  },
  'a user with a token': {
    headers: ({ deps }) => tokenOf(deps, 'user@example.com', ['api']),
    may: ['public', 'identified', 'bearer'],
  },
  'a user with a token that may manage tokens': {
    headers: ({ deps }) => tokenOf(deps, 'user@example.com', ['tokens:write']),
    may: ['public', 'bearer', 'account'],
  },
  'a user with a token of scope admin': {
    headers: ({ deps }) => tokenOf(deps, 'user@example.com', ['admin']),
    may: ['public', 'bearer'],
  },
  'a banned user with a session': {
    headers: async ({ deps }) => {
      const headers = await sessionOf(deps, 'banned@example.com')
      await banAccount(deps, { account: 'banned@example.com', by: actingAs('root@example.com') })
      return headers
    },
    may: ['public'],
  },
  'a banned admin with a token': {
    headers: async ({ deps }) => {
      const headers = await tokenOf(deps, 'admin@example.com', ['api', 'admin', 'tokens:write'])
      await banAccount(deps, { account: 'admin@example.com', by: actingAs('root@example.com') })
      return headers
    },
    may: ['public'],
  },
  'an admin with a session': {
    headers: ({ deps }) => sessionOf(deps, 'admin@example.com'),
    may: ['public', 'identified', 'person', 'account', 'admin'],
  },
  'an admin with a token of scope api alone': {
    headers: ({ deps }) => tokenOf(deps, 'admin@example.com', ['api']),
    may: ['public', 'identified', 'bearer'],
  },
  'an admin with a token of scope admin': {
    headers: ({ deps }) => tokenOf(deps, 'admin@example.com', ['admin']),
    may: ['public', 'bearer', 'admin'],
  },
  'a user with an API key that may manage tokens': {
    headers: ({ deps }) => apiKeyOf(deps, 'user@example.com', ['api', 'tokens:write']),
    may: ['public', 'identified', 'account'],
  },
  'a user with a revoked API key': {
    headers: async ({ deps }) => {
      const headers = await apiKeyOf(deps, 'user@example.com', ['api', 'tokens:write'])
      await revokeAllTokens(deps, { account: 'user@example.com', by: actingAs('root@example.com') })
      return headers
    },
    may: ['public'],
  },
  'an admin with an API key of scope admin': {
    headers: ({ deps }) => apiKeyOf(deps, 'admin@example.com', ['admin']),
    may: ['public', 'admin'],
  },
  'the master key': {
    headers: async () => ({ authorization: `Bearer ${MASTER_KEY}` }),
    may: ['public', 'admin', 'super_admin'],
  },
  'the directory': {
    headers: async () => ({ authorization: `Bearer ${SCIM_SECRET}` }),
    may: ['public', 'scim'],
  },
  'a super admin with a session': {
    headers: ({ deps }) => sessionOf(deps, 'root@example.com'),
    may: ['public', 'identified', 'person', 'account', 'admin', 'super_admin'],
  },
}

/** What a caller who may use the route sends so that it gets past every check of form. A route without a row fails. */
const REQUESTS: Record<string, { path?: string; body?: unknown; form?: Readonly<Record<string, string>> }> = {
  'GET /oauth2/start': {},
  'GET /oauth2/sign_in': {},
  'GET /oauth2/callback': { path: '/oauth2/callback?code=x&state=y' },
  'GET /oauth2/sign_out': {},
  'POST /oauth2/sign_out': {},
  'POST /oauth2/backchannel-logout': { form: { logout_token: 'unknown' } },
  'GET /oauth2/auth': {},
  'GET /oauth2/userinfo': {},
  'POST /api/token/generate': { body: { scopes: ['tokens:write'] } },
  'POST /api/token/renew': {},
  'GET /api/token/list': {},
  'GET /api/token/info': { path: '/api/token/info?token_id=unknown' },
  'POST /api/token/revoke': { body: { token_id: 'unknown' } },
  'GET /api/token/options': {},
  'GET /v1/user/keys': {},
  'POST /v1/user/keys': { body: { scopes: ['tokens:write'] } },
  'POST /v1/user/keys/{key_id}/rotate': { path: '/v1/user/keys/unknown/rotate', body: {} },
  'DELETE /v1/user/keys/{key_id}': { path: '/v1/user/keys/unknown' },
  'POST /oauth2/token': { form: { grant_type: 'refresh_token' } },
  'POST /oauth2/device_authorization': { form: { client_id: 'portcullis-cli' } },
  'POST /oauth2/revoke': { form: { client_id: 'portcullis-cli', token: 'unknown' } },
  'POST /oauth2/introspect': { form: { client_id: 'portcullis-cli', token: 'unknown' } },
  'GET /oauth2/authorize': { path: '/oauth2/authorize?response_type=code&client_id=x&redirect_uri=y' },
  'POST /oauth2/authorize': {
    form: { response_type: 'code', client_id: 'x', redirect_uri: 'y', decision: 'deny' },
  },
  'GET /device': {},
  'POST /device': { form: { user_code: 'BCDFGHJK', decision: 'deny' } },
  'GET /.well-known/oauth-authorization-server': {},
  'GET /.well-known/oauth-protected-resource': {},
  'GET /api/admin/tokens': {},
  'GET /api/admin/tokens/{email}': { path: '/api/admin/tokens/user@example.com' },
  'DELETE /api/admin/tokens/{token_id}': { path: '/api/admin/tokens/unknown' },
  'POST /api/admin/tokens/revoke-user': { body: { user_email: 'someone@example.com' } },
  'POST /api/admin/sessions/revoke-user': { body: { user_email: 'someone@example.com' } },
  'POST /api/admin/sessions/force-logout': { body: { user_email: 'someone@example.com' } },
  'DELETE /api/admin/sessions/unban/{email}': { path: '/api/admin/sessions/unban/someone@example.com' },
  'POST /api/admin/store/accept-loss': {},
  'GET /api/admin/audit': {},
  'GET /api/admin/audit/verify': {},
  'POST /scim/v2/Users': { body: { userName: 'someone@example.com' } },
  'GET /scim/v2/Users': {},
  'GET /scim/v2/Users/{id}': { path: '/scim/v2/Users/unknown' },
  'PUT /scim/v2/Users/{id}': {
    path: '/scim/v2/Users/unknown',
    body: { userName: 'someone@example.com' },
  },
  'PATCH /scim/v2/Users/{id}': { path: '/scim/v2/Users/unknown', body: { Operations: [] } },
  'DELETE /scim/v2/Users/{id}': { path: '/scim/v2/Users/unknown' },
  'GET /scim/v2/ServiceProviderConfig': {},
  'GET /scim/v2/ResourceTypes': {},
  'GET /scim/v2/ResourceTypes/{id}': { path: '/scim/v2/ResourceTypes/User' },
  'GET /scim/v2/Schemas': {},
  'GET /scim/v2/Schemas/{id}': { path: '/scim/v2/Schemas/unknown' },
  'GET /health': {},
  'GET /ready': {},
  'GET /.well-known/jwks.json': {},
  'GET /.well-known/portcullis/problems/{code}': { path: '/.well-known/portcullis/problems/token_revoked' },
}

const nameOf = (route: Route) => `${route.method} ${route.path}`
const REFUSALS = [
  'credentials_missing',
  'role_insufficient',
  'scope_insufficient',
  'account_banned',
  'session_invalid',
  'api_key_invalid',
  'credential_kind_refused',
  'token_malformed',
  'scim_unauthorized',
]

/** SCIM errors have no codes; being nobody is the one that matters here. */
async function codeOf(response: Response): Promise<string> {
  const type = response.headers.get('content-type')
  if (type === 'application/problem+json') return ((await response.json()) as { code: string }).code
  return type === 'application/scim+json' && response.status === 401 ? 'scim_unauthorized' : ''
}

describe('role × route', () => {
  it('has a row for every route, and no other', () => {
    expect(Object.keys(REQUESTS).sort()).toEqual(ROUTES.map(nameOf).sort())
  })

  for (const [caller, { headers, may }] of Object.entries(CALLERS))
    for (const route of ROUTES) {
      const isAllowed = may.includes(route.access)
      it(`${caller} ${isAllowed ? 'may' : 'may not'} ${nameOf(route)}`, async () => {
        const fixture = await httpFixture({ scim: { secret: SCIM_SECRET } })
        const { path = route.path, body, form } = REQUESTS[nameOf(route)] ?? {}
        const response = await fixture.call(route.method, path, {
          headers: { 'sec-fetch-site': 'same-origin', ...(await headers(fixture)) },
          ...(body === undefined ? {} : { body }),
          ...(form && { form }),
        })
        const code = await codeOf(response)
        if (isAllowed) expect(REFUSALS).not.toContain(code)
        else expect(REFUSALS).toContain(code)
        if (isAllowed) expect(response.status).toBeLessThan(500)
      })
    }
})

describe('ownership', () => {
  it('a token of another account is not there to be seen or revoked', async () => {
    const fixture = await httpFixture()
    const owner = await sessionOf(fixture.deps, 'owner@example.com')
    const minted = await fixture.call('POST', '/api/token/generate', { headers: owner, body: {} })
    const { token_id, token } = (await minted.json()) as { token_id: string; token: string }
    const thief = await sessionOf(fixture.deps, 'thief@example.com')
    const info = await fixture.call('GET', `/api/token/info?token_id=${token_id}`, { headers: thief })
    const revoke = await fixture.call('POST', '/api/token/revoke', { headers: thief, body: { token_id } })
    expect([info.status, revoke.status]).toEqual([404, 404])
    const mine = await fixture.call('GET', '/oauth2/auth', { headers: { 'x-api-key': token } })
    expect(mine.status).toBe(202)
  })
})
