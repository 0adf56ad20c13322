import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { listAudit } from '../../../src/audit/list.js'
import { sessionOf } from '../../http/http-fixture.js'
import { CLI, type OAuthFixture, oauthFixture } from '../oauth-fixture.js'

const USER = 'user@example.com'
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const CALLBACK = 'http://127.0.0.1:49152/callback'
const WISH = {
  response_type: 'code',
  client_id: CLI,
  redirect_uri: CALLBACK,
  code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
  code_challenge_method: 'S256',
  state: 'a&b=c',
}

let fixture: OAuthFixture

beforeEach(async () => {
  fixture = await oauthFixture()
})

async function decide(wish: Record<string, string>, decision = 'approve'): Promise<Response> {
  const headers = await sessionOf(fixture.context, USER)
  return fixture.call('POST', '/oauth2/authorize', { headers, form: { ...wish, decision } })
}

const answerOf = (response: Response) => new URL(response.headers.get('location') ?? '').searchParams

const redeem = (code: string, more: Record<string, string> = {}) =>
  fixture.post('/oauth2/token', {
    grant_type: 'authorization_code',
    code,
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
    client_id: CLI,
    ...more,
  })

describe('the authorization endpoint', () => {
  it('gives a program that a person let in a code for one pair of tokens', async () => {
    const response = await decide(WISH)
    expect(response.status).toBe(302)
    const answer = answerOf(response)
    expect([answer.get('state'), answer.get('iss')]).toEqual(['a&b=c', 'https://gate.test'])
    const { body } = await redeem(answer.get('code') ?? '')
    expect(await fixture.statusWith(body.access_token ?? '')).toBe(200)
    expect((await fixture.refresh(body.refresh_token ?? '')).status).toBe(200)
  })

  it('gives a code’s client the same tokens again within 30 s, as after a lost answer, and nobody else', async () => {
    const code = answerOf(await decide(WISH)).get('code') ?? ''
    const { body } = await redeem(code)
    fixture.clock.advance(29_999)
    expect((await redeem(code, { code_verifier: 'x'.repeat(43) })).body.error).toBe('invalid_grant')
    expect((await redeem(code)).body).toEqual({ ...body, expires_in: 900 - 29 })
  })

  it.each([
    ['30 s later', () => fixture.clock.advance(30_000)],
    ['after its own minute', () => fixture.clock.advance(61_000)],
    ['once its tokens were refreshed', async (token: string) => void (await fixture.refresh(token))],
  ])('ends what a code has bought when it is used again %s (RFC 6749 §4.1.2)', async (_, act) => {
    const code = answerOf(await decide(WISH)).get('code') ?? ''
    const { body } = await redeem(code)
    await act(body.refresh_token ?? '')
    expect((await redeem(code, { code_verifier: 'x'.repeat(43) })).body.error).toBe('invalid_grant')
    expect(await fixture.statusWith(body.access_token ?? '')).toBe(200)
    for (let times = 0; times < 2; times++) expect((await redeem(code)).body.error).toBe('invalid_grant')
    expect(await fixture.statusWith(body.access_token ?? '')).toBe(401)
    expect((await fixture.refresh(body.refresh_token ?? '')).body.error).toBe('invalid_grant')
    const { items } = await listAudit(fixture.context, { limit: 50 })
    expect(items.filter(({ action }) => action === 'authorization_code.reuse')).toHaveLength(1)
  })

  it('asks the person first, and names where the answer goes', async () => {
    const headers = await sessionOf(fixture.context, USER)
    const response = await fixture.call('GET', `/oauth2/authorize?${new URLSearchParams(WISH)}`, { headers })
    expect(await response.text()).toContain('Let Portcullis CLI in?')
    expect(response.headers.get('content-security-policy')).toContain(
      "form-action 'self' http://127.0.0.1:49152;",
    )
  })

  it('answers a denial, and a wish that it cannot grant, at the redirect URI', async () => {
    const denied = answerOf(await decide(WISH, 'deny'))
    expect(denied.get('error')).toBe('access_denied')
    expect(denied.get('error_description')).toBe('The person has denied the request.')
    for (const [change, error] of [
      [{ response_type: 'token' }, 'unsupported_response_type'],
      [{ code_challenge_method: 'plain' }, 'invalid_request'],
      [{ code_challenge: 'short' }, 'invalid_request'],
      [{ response_mode: 'fragment' }, 'invalid_request'],
      [{ response_mode: 'form_post' }, 'invalid_request'],
      [{ scope: 'no-such' }, 'invalid_scope'],
      [{ scope: 'admin' }, 'invalid_scope'],
      [{ resource: 'https://elsewhere.test' }, 'invalid_target'],
      [{ resource: 'https://gate.test.evil.test/' }, 'invalid_target'],
      [{ resource: 'https://gate.test/#x' }, 'invalid_target'],
    ] as const)
      expect(answerOf(await decide({ ...WISH, ...change })).get('error'), JSON.stringify(change)).toBe(error)
  })

  const ask = async (query: URLSearchParams) => {
    const headers = await sessionOf(fixture.context, USER)
    return fixture.call('GET', `/oauth2/authorize?${query}`, { headers })
  }

  it.each<[string, (query: URLSearchParams) => unknown, string | null]>([
    ['without response_type', (query) => query.delete('response_type'), 'a&b=c'],
    ['with a scope twice', (query) => query.append('scope', 'api'), 'a&b=c'],
    ['with a state that is too long', (query) => query.set('state', 's'.repeat(4000)), 's'.repeat(4000)],
    ['with two states', (query) => query.append('state', 'x'), null],
    ['with another response_mode', (query) => query.set('response_mode', 'form_post'), 'a&b=c'],
  ])('tells a known client of a wish %s (RFC 6749 §4.1.2.1)', async (_, spoil, state) => {
    const query = new URLSearchParams({ ...WISH, scope: 'api' })
    spoil(query)
    const response = await ask(query)
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toMatch(/^http:\/\/127\.0\.0\.1:49152\/callback\?/)
    const answer = answerOf(response)
    expect([answer.get('error'), answer.get('state'), answer.get('iss')]).toEqual([
      'invalid_request',
      state,
      'https://gate.test',
    ])
  })

  it.each<[string, (query: URLSearchParams) => unknown]>([
    ['an unknown client', (query) => query.set('client_id', 'unknown')],
    ['two clients', (query) => query.append('client_id', 'unknown')],
    ['another place', (query) => query.set('redirect_uri', 'https://evil.test/callback')],
    ['two places', (query) => query.append('redirect_uri', 'https://evil.test/callback')],
  ])('sends the browser nowhere for a spoilt wish of %s', async (_, spoil) => {
    const query = new URLSearchParams(WISH)
    query.delete('response_type')
    spoil(query)
    const response = await ask(query)
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
  })

  it('lets nobody learn of a wish before they have logged in', async () => {
    const query = new URLSearchParams(WISH)
    query.delete('response_type')
    const headers = {}
    const response = await fixture.call('GET', `/oauth2/authorize?${query}`, { headers })
    expect(response.headers.get('location') ?? '').not.toContain('127.0.0.1')
  })

  it('sells no token for another resource, at either endpoint (RFC 8707 §2.2)', async () => {
    const code = answerOf(await decide(WISH)).get('code') ?? ''
    for (const resource of ['https://elsewhere.test', 'https://gate.test/#x', 'nonsense'])
      expect(await redeem(code, { resource })).toMatchObject({
        status: 400,
        body: { error: 'invalid_target' },
      })
    const bought = await redeem(code, { resource: 'https://gate.test/v1' })
    expect(bought.status).toBe(200)
    const elsewhere = await fixture.refresh(bought.body.refresh_token ?? '', {
      resource: 'https://elsewhere.test',
    })
    expect(elsewhere.body.error).toBe('invalid_target')
    expect((await fixture.refresh(bought.body.refresh_token ?? '')).status).toBe(200)
  })

  it.each([
    { client_id: 'unknown' },
    { redirect_uri: 'https://evil.test/callback' },
    { redirect_uri: 'http://127.0.0.1:49152/other' },
    { redirect_uri: 'http://127.0.0.1@evil.test/callback' },
    { redirect_uri: 'http://127.0.0.1.evil.test/callback' },
    { redirect_uri: 'http://127.0.0.1:49152/callback#x' },
    { redirect_uri: 'javascript:alert(1)' },
  ])('sends the browser nowhere for %j', async (change) => {
    const response = await decide({ ...WISH, ...change })
    expect(response.headers.get('location')).toBeNull()
    expect(response.status).toBeGreaterThanOrEqual(400)
  })

  it('gives the code to nobody but the program that knows the verifier, within a minute', async () => {
    const code = answerOf(await decide(WISH)).get('code') ?? ''
    for (const wrong of [
      { code_verifier: 'x'.repeat(43) },
      { redirect_uri: 'http://127.0.0.1:49153/callback' },
      { code: 'x'.repeat(43) },
    ])
      expect((await redeem(code, wrong)).body.error).toBe('invalid_grant')
    fixture.clock.advance(60_000)
    expect((await redeem(code)).body.error).toBe('invalid_grant')
  })

  it('cannot be answered from another site', async () => {
    const headers = { ...(await sessionOf(fixture.context, USER)), 'sec-fetch-site': 'cross-site' }
    const form = { ...WISH, decision: 'approve' }
    expect((await fixture.call('POST', '/oauth2/authorize', { headers, form })).status).toBe(403)
  })
})
