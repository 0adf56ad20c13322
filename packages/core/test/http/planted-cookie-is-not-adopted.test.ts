import { expect, it } from 'vitest'
import { httpFixture, sessionOf } from './http-fixture.js'

// A sibling host may set a cookie for the whole domain under any name that does not begin with `__Host-`; what only looks
// like ours to `trim()` got past that.
it.each(['\u00a0', '\u00a0 ', '\v', '\f'])('a session cookie behind %j is nobody’s', async (prefix) => {
  const { context, call } = await httpFixture()
  const { cookie = '' } = await sessionOf(context, 'mallory@example.com')
  expect((await call('GET', '/oauth2/userinfo', { headers: { cookie } })).status).toBe(200)
  const planted = { cookie: `a=b; ${prefix}${cookie}` }
  expect((await call('GET', '/oauth2/userinfo', { headers: planted })).status).toBe(401)
})

it.each(['\u00a0', '\v'])(
  'a login cookie behind %j does not bind a login to this browser',
  async (prefix) => {
    const { call } = await httpFixture()
    const begun = await call('GET', '/oauth2/start')
    const [pair = ''] = begun.headers.get('set-cookie')?.split(';') ?? []
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? ''
    const path = `/oauth2/callback?code=c&state=${encodeURIComponent(state)}`
    const callback = (cookie: string) => call('GET', path, { headers: { cookie } })
    expect((await callback(`${prefix}${pair}`)).status).toBe(403)
    expect((await callback(`${pair}; ${pair}x`)).status).toBe(403)
    // The provider of this fixture completes nothing: whoever is asked of it got past the cookie.
    expect((await callback(pair)).status).toBe(500)
  },
)
