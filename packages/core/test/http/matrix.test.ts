import { describe, expect, it } from 'vitest'
import type { Access, Route } from '../../src/http/route.js'
import { ROUTES } from '../../src/http/table.js'
import { banAccount } from '../../src/standing/ban.js'
import { type HttpFixture, httpFixture, sessionOf, tokenOf } from './http-fixture.js'

/** Who calls, and which of the routes are open to them. */
const CALLERS: Record<
  string,
  { headers: (fixture: HttpFixture) => Promise<Record<string, string>>; may: readonly Access[] }
> = {
  anonymous: { headers: async () => ({}), may: ['public'] },
  'a user with a session': {
    headers: ({ deps }) => sessionOf(deps, 'user@example.com'),
    may: ['public', 'identified', 'account'],
  },
  'a user with a token': {
    headers: ({ deps }) => tokenOf(deps, 'user@example.com', ['api']),
    may: ['public', 'identified'],
  },
  'a user with a token that may manage tokens': {
    headers: ({ deps }) => tokenOf(deps, 'user@example.com', ['tokens:write']),
    may: ['public', 'account'],
  },
  'a user with a token of scope admin': {
    headers: ({ deps }) => tokenOf(deps, 'user@example.com', ['admin']),
    may: ['public'],
  },
  'a banned user with a session': {
    headers: async ({ deps }) => {
      const headers = await sessionOf(deps, 'banned@example.com')
      await banAccount(deps, { account: 'banned@example.com', by: 'root@example.com' })
      return headers
    },
    may: ['public'],
  },
  'a banned admin with a token': {
    headers: async ({ deps }) => {
      const headers = await tokenOf(deps, 'admin@example.com', ['api', 'admin', 'tokens:write'])
      await banAccount(deps, { account: 'admin@example.com', by: 'root@example.com' })
      return headers
    },
    may: ['public'],
  },
  'an admin with a session': {
    headers: ({ deps }) => sessionOf(deps, 'admin@example.com'),
    may: ['public', 'identified', 'account', 'admin'],
  },
  'an admin with a token of scope api alone': {
    headers: ({ deps }) => tokenOf(deps, 'admin@example.com', ['api']),
    may: ['public', 'identified'],
  },
  'an admin with a token of scope admin': {
    headers: ({ deps }) => tokenOf(deps, 'admin@example.com', ['admin']),
    may: ['public', 'admin'],
  },
  'a super admin with a session': {
    headers: ({ deps }) => sessionOf(deps, 'root@example.com'),
    may: ['public', 'identified', 'account', 'admin', 'super_admin'],
  },
}

/** What a caller who may use the route sends so that it gets past every check of form. A route without a row fails. */
const REQUESTS: Record<string, { path?: string; body?: unknown }> = {
  'GET /oauth2/start': {},
  'GET /oauth2/sign_in': {},
  'GET /oauth2/callback': { path: '/oauth2/callback?code=x&state=y' },
  'GET /oauth2/sign_out': {},
  'POST /oauth2/sign_out': {},
  'GET /oauth2/auth': {},
  'GET /oauth2/userinfo': {},
  'POST /api/token/generate': { body: { scopes: ['tokens:write'] } },
  'GET /api/token/list': {},
  'GET /api/token/info': { path: '/api/token/info?token_id=unknown' },
  'POST /api/token/revoke': { body: { token_id: 'unknown' } },
  'GET /api/token/options': {},
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
]

describe('role × route', () => {
  it('has a row for every route, and no other', () => {
    expect(Object.keys(REQUESTS).sort()).toEqual(ROUTES.map(nameOf).sort())
  })

  for (const [caller, { headers, may }] of Object.entries(CALLERS))
    for (const route of ROUTES) {
      const isAllowed = may.includes(route.access)
      it(`${caller} ${isAllowed ? 'may' : 'may not'} ${nameOf(route)}`, async () => {
        const fixture = await httpFixture()
        const { path = route.path, body } = REQUESTS[nameOf(route)] ?? {}
        const response = await fixture.call(route.method, path, {
          headers: { 'sec-fetch-site': 'same-origin', ...(await headers(fixture)) },
          ...(body === undefined ? {} : { body }),
        })
        const isProblem = response.headers.get('content-type') === 'application/problem+json'
        const { code } = isProblem ? ((await response.json()) as { code: string }) : { code: '' }
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
