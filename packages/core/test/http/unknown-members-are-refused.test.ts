import { describe, expect, it } from 'vitest'
import { oauth } from '../../src/oauth/plugin.js'
import { ROUTES } from './every-route.js'
import { httpFixture, sessionOf } from './http-fixture.js'

const ADMIN = 'admin@example.com'
const USER = 'user@example.com'

describe('what a route below /api/ does not know', () => {
  it('is refused, all of it at once, before a misspelt duration bans for a week', async () => {
    const { context, call } = await httpFixture()
    const headers = await sessionOf(context, ADMIN)
    const body = { user_email: USER, duration_second: 60, reason: 5, because: 'x' }
    const response = await call('POST', '/api/admin/sessions/revoke-user', { headers, body })
    expect([response.status, await response.json()]).toMatchObject([
      400,
      {
        code: 'input_invalid',
        detail:
          'reason: not of the form that this route takes; duration_second: unknown; duration_seconds is meant, perhaps; because: unknown; /openapi.json tells what this route takes.',
      },
    ])
    const unban = await call('DELETE', `/api/admin/sessions/unban/${USER}`, { headers })
    expect(unban.status).toBe(404)
  })

  it('is refused in a query too, also of a route that takes none', async () => {
    const { context, call } = await httpFixture()
    const headers = await sessionOf(context, USER)
    for (const path of ['/api/token/list?limits=5', '/api/token/options?x=1']) {
      const response = await call('GET', path, { headers })
      expect([response.status, await response.json()], path).toMatchObject([400, { code: 'input_invalid' }])
    }
  })

  it('is not said back when it is no name', async () => {
    const { context, call } = await httpFixture()
    const headers = await sessionOf(context, USER)
    const body = { [`<b>${'x'.repeat(1000)}`]: 1, 'a\u202eb': 1 }
    const response = await call('POST', '/api/token/generate', { headers, body })
    expect(await response.json()).toMatchObject({
      detail: 'A name: unknown; /openapi.json tells what this route takes.',
    })
  })

  it('is refused by every such route', async () => {
    for (const { path, query, body } of ROUTES.filter((route) => route.path.startsWith('/api/')))
      for (const schema of [query, body])
        if (schema) {
          const checked = await schema['~standard'].validate({ 'no-such-member': 1 })
          expect(checked.issues, path).not.toBeUndefined()
        }
    const queries = ROUTES.filter(({ path }) => path.startsWith('/api/')).map(({ query }) => query)
    expect(queries).not.toContain(undefined)
  })
})

it('clients of OAuth may send what the gate does not know (RFC 6749 §3.2)', async () => {
  const { call } = await httpFixture({ plugins: [oauth()] })
  const form = {
    grant_type: 'refresh_token',
    refresh_token: 'x',
    client_id: 'portcullis-cli',
    resource2: 'y',
  }
  const response = await call('POST', '/oauth2/token', { form })
  expect(await response.json()).toMatchObject({ error: 'invalid_grant' })
})
