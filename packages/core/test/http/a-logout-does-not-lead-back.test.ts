import { expect, it } from 'vitest'
import { httpFixture, sessionOf } from './http-fixture.js'

it('a logout at a provider without end_session_endpoint does not lead back into a login', async () => {
  const { call, context } = await httpFixture()
  for (const method of ['POST', 'GET']) {
    const headers = await sessionOf(context, 'user@example.com')
    const response = await call(method, '/oauth2/sign_out?rd=%2Fapp%3Fa%3Db', { headers })
    expect([response.status, response.headers.get('location')]).toEqual([200, null])
    expect(response.headers.get('set-cookie')).toMatch(/^__Host-portcullis_session=;.*Max-Age=0/)
    const text = await response.text()
    expect(text).toContain('<h1>Signed out</h1>')
    expect(text).toContain('href="/oauth2/start?rd=%2Fapp%3Fa%3Db"')
    expect((await call('GET', '/oauth2/userinfo', { headers })).status).toBe(401)
  }
})
