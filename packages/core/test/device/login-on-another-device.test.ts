import { beforeEach, describe, expect, it } from 'vitest'
import { newUserCode, readUserCode, showUserCode } from '../../src/device/codes.js'
import { sessionOf } from '../http/http-fixture.js'
import { CLI, DEVICE_GRANT, type OAuthFixture, oauthFixture } from '../oauth/oauth-fixture.js'

const USER = 'user@example.com'
let fixture: OAuthFixture

beforeEach(async () => {
  fixture = await oauthFixture()
})

interface Begun {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

async function begin(scope?: string): Promise<Begun> {
  const form = { client_id: CLI, ...(scope === undefined ? {} : { scope }) }
  return (await fixture.post('/oauth2/device_authorization', form)).body as unknown as Begun
}

const poll = (device_code: string, client_id = CLI) =>
  fixture.post('/oauth2/token', { grant_type: DEVICE_GRANT, device_code, client_id })

async function decide(user_code: string, decision: string, account = USER) {
  const headers = await sessionOf(fixture.context, account)
  return fixture.call('POST', '/device', { headers, form: { user_code, decision } })
}

describe('a login on another device (RFC 8628)', () => {
  it('waits until somebody approves, and is answered once', async () => {
    const begun = await begin()
    expect(begun).toMatchObject({ expires_in: 600, interval: 5 })
    expect(begun.verification_uri_complete).toBe(`https://gate.test/device?user_code=${begun.user_code}`)
    expect((await poll(begun.device_code)).body.error).toBe('authorization_pending')
    expect((await decide(begun.user_code, 'approve')).status).toBe(200)
    fixture.clock.advance(5000)
    const { body } = await poll(begun.device_code)
    expect(await fixture.statusWith(body.access_token ?? '')).toBe(200)
    expect((await fixture.refresh(body.refresh_token ?? '')).status).toBe(200)
    fixture.clock.advance(30_000)
    expect((await poll(begun.device_code)).body.error).toBe('invalid_grant')
  })

  it('gives all that ask at once, and again within 30 s, the same tokens', async () => {
    const begun = await begin()
    await decide(begun.user_code, 'approve')
    const answers = await Promise.all(Array.from({ length: 20 }, () => poll(begun.device_code)))
    fixture.clock.advance(29_999)
    answers.push(await poll(begun.device_code))
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
    expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(1)
    expect(answers[0]?.status).toBe(200)
  })

  it('tells a program that asks too often to slow down, more each time', async () => {
    const { device_code } = await begin()
    const ask = async (afterSeconds: number) => {
      fixture.clock.advance(afterSeconds * 1000)
      return (await poll(device_code)).body.error
    }
    expect(await ask(0)).toBe('authorization_pending')
    expect(await ask(4)).toBe('slow_down')
    expect(await ask(9)).toBe('slow_down')
    expect(await ask(15)).toBe('authorization_pending')
  })

  it('is not answered again once its tokens were refreshed, and they go on', async () => {
    const begun = await begin()
    await decide(begun.user_code, 'approve')
    const { body } = await poll(begun.device_code)
    const next = (await fixture.refresh(body.refresh_token ?? '')).body
    expect((await poll(begun.device_code)).body.error).toBe('invalid_grant')
    expect((await fixture.refresh(next.refresh_token ?? '')).status).toBe(200)
  })

  it('can be denied', async () => {
    const begun = await begin()
    expect((await decide(begun.user_code, 'deny')).status).toBe(200)
    for (let answers = 0; answers < 2; answers++)
      expect((await poll(begun.device_code)).body.error).toBe('access_denied')
    fixture.clock.advance(900_000)
    expect((await poll(begun.device_code)).body.error).toBe('invalid_grant')
  })

  it('is over after ten minutes', async () => {
    const begun = await begin()
    fixture.clock.advance(600_000)
    expect((await decide(begun.user_code, 'approve')).status).toBe(404)
    expect((await poll(begun.device_code)).body.error).toBe('expired_token')
    fixture.clock.advance(300_000)
    expect((await poll(begun.device_code)).body.error).toBe('invalid_grant')
  })

  it('is decided once, and only by its own client redeemed', async () => {
    const secret = 'Qm4XvT8zNb2KcW6yRd9HsLf3JgPa7EuV'
    fixture = await oauthFixture({ clients: [{ id: 'other', secret }] })
    const begun = await begin()
    await decide(begun.user_code, 'deny')
    expect((await decide(begun.user_code, 'approve', 'other@example.com')).status).toBe(404)
    const again = await begin()
    await decide(again.user_code, 'approve')
    const stolen = await fixture.post('/oauth2/token', {
      grant_type: DEVICE_GRANT,
      device_code: again.device_code,
      client_id: 'other',
      client_secret: secret,
    })
    expect(stolen.body.error).toBe('invalid_grant')
    expect((await poll(again.device_code)).status).toBe(200)
  })

  it('hands on no more than the account has', async () => {
    fixture = await oauthFixture({ clients: [{ id: CLI, scopes: ['api', 'admin'] }] })
    const begun = await begin('api admin')
    await decide(begun.user_code, 'approve')
    expect((await poll(begun.device_code)).body.scope).toBe('api')
    const hopeless = await begin('admin')
    await decide(hopeless.user_code, 'approve')
    expect((await poll(hopeless.device_code)).body.error).toBe('access_denied')
    expect(
      (await fixture.post('/oauth2/device_authorization', { client_id: CLI, scope: 'no-such' })).body.error,
    ).toBe('invalid_scope')
  })
})

describe('the page at /device', () => {
  it('leads a browser that is not logged in to the login and back', async () => {
    const response = await fixture.call('GET', '/device?user_code=BCDF-GHJK', {
      headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none', accept: 'text/html' },
    })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe(
      `/oauth2/start?rd=${encodeURIComponent('/device?user_code=BCDF-GHJK')}`,
    )
  })

  it('shows what asks, for whom, the code and the scopes, with a policy that lets no script run', async () => {
    const begun = await begin('api')
    const headers = await sessionOf(fixture.context, USER)
    const response = await fixture.call('GET', `/device?user_code=${begun.user_code.toLowerCase()}`, {
      headers,
    })
    const text = await response.text()
    for (const part of ['Portcullis CLI', USER, begun.user_code, 'Call the API behind the gate'])
      expect(text).toContain(part)
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('cannot be answered from another site', async () => {
    const begun = await begin()
    const headers = { ...(await sessionOf(fixture.context, USER)), 'sec-fetch-site': 'cross-site' }
    const form = { user_code: begun.user_code, decision: 'approve' }
    expect((await fixture.call('POST', '/device', { headers, form })).status).toBe(403)
    expect((await poll(begun.device_code)).body.error).toBe('authorization_pending')
  })

  it('lets an account be wrong ten times in ten minutes', async () => {
    const headers = await sessionOf(fixture.context, USER)
    const guess = async () =>
      (await fixture.call('GET', `/device?user_code=${newUserCode()}`, { headers })).status
    for (let tries = 0; tries < 10; tries++) expect(await guess()).toBe(200)
    expect(await guess()).toBe(429)
    fixture.clock.advance(600_000)
    expect(await guess()).toBe(200)
  })
})

describe('a user code', () => {
  it('is read however it was typed, and nothing else is', () => {
    const code = newUserCode()
    for (const typed of [
      code,
      showUserCode(code),
      ` ${showUserCode(code).toLowerCase()} `,
      code.split('').join(' '),
    ])
      expect(readUserCode(typed)).toBe(code)
    for (const typed of ['', 'BCDFGHJ', 'BCDFGHJKL', 'ABCDFGHJ', 'BCDF1HJK'])
      expect(readUserCode(typed)).toBeUndefined()
  })
})
