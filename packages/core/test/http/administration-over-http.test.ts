import { describe, expect, it } from 'vitest'
import { httpFixture, sessionOf, tokenOf } from './http-fixture.js'

const USER = 'user@example.com'

async function administration() {
  const fixture = await httpFixture()
  const admin = await sessionOf(fixture.context, 'admin@example.com')
  const send = async (method: string, path: string, body?: unknown) => {
    const response = await fixture.call(method, path, {
      headers: admin,
      ...(body === undefined ? {} : { body }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const auth = async (headers: Record<string, string>) =>
    (await fixture.call('GET', '/oauth2/auth', { headers })).status
  return { ...fixture, send, auth }
}

describe('administration', () => {
  it('bans in the words of the contract, and the ban bites at once', async () => {
    const { send, auth, context, clock } = await administration()
    const token = await tokenOf(context, USER, ['api'])
    expect(await auth(token)).toBe(202)
    const { status, body } = await send('POST', '/api/admin/sessions/revoke-user', {
      user_email: 'User@EXAMPLE.com ',
      reason: 'leaked\u0000 key',
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      user_email: USER,
      ban_duration_seconds: 604_800,
      banned_until: Math.floor(clock.now / 1000) + 604_800,
      deleted_by: 'admin@example.com',
      deletion_flag_created: true,
      deletion_flag_ttl: 604_800,
    })
    expect(await auth(token)).toBe(403)
    expect(
      (await send('DELETE', `/api/admin/sessions/unban/${encodeURIComponent(USER)}`)).body,
    ).toMatchObject({
      user_email: USER,
      unbanned_by: 'admin@example.com',
    })
    expect(await auth(token)).toBe(401)
    expect((await send('DELETE', `/api/admin/sessions/unban/${USER}`)).status).toBe(404)
  })

  it('keeps the tokens when asked to', async () => {
    const { send, auth, context } = await administration()
    const token = await tokenOf(context, USER, ['api'])
    await send('POST', '/api/admin/sessions/revoke-user', { user_email: USER, keep_tokens: true })
    expect(await auth(token)).toBe(403)
    await send('DELETE', `/api/admin/sessions/unban/${USER}`)
    expect(await auth(token)).toBe(202)
  })

  it.each([
    ['admin@example.com', 409, 'own_account'],
    ['root@example.com', 403, 'super_admin_protected'],
    ['nobody', 400, 'input_invalid'],
    [7, 400, 'input_invalid'],
  ])('does not ban %s', async (user_email, status, code) => {
    const { send } = await administration()
    const answer = await send('POST', '/api/admin/sessions/revoke-user', { user_email })
    expect(answer).toMatchObject({ status, body: { code } })
  })

  it.each([0, -1, 1.5, '60', 1e12])('does not ban for %s seconds', async (duration_seconds) => {
    const { send } = await administration()
    const answer = await send('POST', '/api/admin/sessions/revoke-user', {
      user_email: USER,
      duration_seconds,
    })
    expect(answer.status).toBe(400)
  })

  it('lists, counts and revokes the tokens of everybody', async () => {
    const { send, auth, context } = await administration()
    const tokens = [
      await tokenOf(context, USER, ['api']),
      await tokenOf(context, 'other@example.com', ['api']),
    ]
    const all = await send('GET', '/api/admin/tokens')
    expect(all.body).toMatchObject({ summary: { total: 2, active: 2, expired: 0, revoked: 0 } })
    expect((all.body.tokens as unknown[]).length).toBe(2)
    const mine = await send('GET', `/api/admin/tokens?email=USER@`)
    expect(mine.body.tokens).toMatchObject([{ user_email: USER, status: 'active' }])
    const [{ token_id: id }] = mine.body.tokens as [{ token_id: string }]
    expect(await send('DELETE', `/api/admin/tokens/${id}`)).toMatchObject({
      status: 200,
      body: { token_id: id, user_email: USER, revoked_by: 'admin@example.com' },
    })
    expect(await Promise.all(tokens.map(auth))).toEqual([401, 202])
    expect(
      await send('POST', '/api/admin/tokens/revoke-user', { user_email: 'other@example.com' }),
    ).toMatchObject({
      body: { revoked_count: 1 },
    })
    expect(await Promise.all(tokens.map(auth))).toEqual([401, 401])
    const after = await send('GET', '/api/admin/tokens?status=revoked')
    expect(after.body).toMatchObject({ summary: { total: 2, active: 0, expired: 0, revoked: 2 } })
  })

  it('is recorded, call by call, in a chain that proves itself', async () => {
    const { send } = await administration()
    await send('POST', '/api/admin/sessions/force-logout', { user_email: USER })
    await send('POST', '/api/admin/sessions/revoke-user', { user_email: USER, duration_seconds: 60 })
    const { body } = await send('GET', `/api/admin/audit?subject=${USER}&actor=admin@example.com`)
    expect(body.entries).toMatchObject([
      { action: 'account.ban', outcome: 'done', details: { duration_seconds: 60 } },
      { action: 'account.force_logout', outcome: 'done' },
    ])
    expect((await send('GET', '/api/admin/audit/verify')).body).toMatchObject({ intact: true })
  })
})

describe('the surface', () => {
  it('answers API calls without a credential with 401 JSON, never a redirect', async () => {
    const { call } = await httpFixture()
    const response = await call('GET', '/api/token/list')
    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="portcullis"')
    expect(await response.json()).toMatchObject({
      type: '/.well-known/portcullis/problems/credentials_missing',
      code: 'credentials_missing',
      error: 'Authentication required',
    })
  })

  it('explains every code at the address that problems name', async () => {
    const { call } = await httpFixture()
    const response = await call('GET', '/.well-known/portcullis/problems/token_revoked')
    expect(await response.text()).toContain('Token revoked')
    expect((await call('GET', '/.well-known/portcullis/problems/toString')).status).toBe(404)
  })

  it('names the allowed methods, answers HEAD like GET, and 404 for what it does not know', async () => {
    const { call } = await httpFixture()
    const wrong = await call('POST', '/health')
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await call('HEAD', '/health')).status).toBe(200)
    expect((await call('GET', '/api/admin/nothing')).status).toBe(404)
  })

  it('describes every route in OpenAPI', async () => {
    const { call } = await httpFixture()
    const document = (await (await call('GET', '/openapi.json')).json()) as { paths: Record<string, object> }
    expect(document.paths['/api/token/generate']).toHaveProperty('post.requestBody')
    expect(document.paths['/api/admin/tokens/{token_id}']).toHaveProperty('delete')
  })

  it('publishes no key when keys are symmetric', async () => {
    const { call } = await httpFixture()
    expect(await (await call('GET', '/.well-known/jwks.json')).json()).toEqual({ keys: [] })
  })

  it('shows people a page without scripts where programs get a problem', async () => {
    const { call } = await httpFixture()
    const response = await call('GET', '/oauth2/callback?state=forged', {
      headers: { 'sec-fetch-mode': 'navigate' },
    })
    expect(response.status).toBe(403)
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
    expect(await response.text()).not.toMatch(/<script/i)
  })

  it('leads a login from /oauth2/start to the provider with a cookie of this browser', async () => {
    const { call } = await httpFixture()
    const response = await call('GET', '/oauth2/start?rd=https://evil.test')
    expect(response.headers.get('location')).toMatch(/^https:\/\/idp\.test\/auth/)
    expect(response.headers.get('set-cookie')).toMatch(
      /^__Host-portcullis_login=.+HttpOnly; SameSite=Lax.+Secure$/,
    )
  })
})
