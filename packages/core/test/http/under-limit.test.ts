import { describe, expect, it } from 'vitest'
import { authenticate } from '../../src/authentication/authenticate.js'
import { SCIM_SECRET, shippedPlugins } from '../gate/shipped-plugins.js'
import { CLI, DEVICE_GRANT, oauthFixture } from '../oauth/oauth-fixture.js'
import { ROUTES } from './every-route.js'
import { apiKeyOf, type HttpFixture, httpFixture, sessionOf, tokenOf } from './http-fixture.js'

const ADDRESS = '203.0.113.5'
const CLIENT_SECRET = 'Qm4XvT8zNb2KcW6yRd9HsLf3JgPa7EuV'

type Init = NonNullable<Parameters<HttpFixture['call']>[2]> & { readonly address?: string }

/** Calls from an address. */
function send(fixture: HttpFixture, method: string, path: string, { address, ...init }: Init = {}) {
  return fixture.call(method, path, init, address === undefined ? {} : { remoteAddress: address })
}

interface Sent {
  readonly method: string
  readonly path: string
  readonly init?: (at: number) => Init
}

const token = (form: Record<string, string>): Sent => ({
  method: 'POST',
  path: '/oauth2/token',
  init: () => ({ form: { client_id: CLI, ...form } }),
})

/** What a stranger sends, a request each time. */
const FLOODS: Record<string, Sent> = {
  'logins begun': { method: 'GET', path: '/oauth2/start' },
  'logins begun by the other name': { method: 'GET', path: '/oauth2/sign_in' },
  callbacks: { method: 'GET', path: '/oauth2/callback?state=x&code=y' },
  'refresh tokens': token({ grant_type: 'refresh_token', refresh_token: 'guess' }),
  'device codes': token({ grant_type: DEVICE_GRANT, device_code: 'guess' }),
  'authorization codes': token({ grant_type: 'authorization_code', code: 'guess', code_verifier: 'x' }),
  'malformed token requests': { method: 'POST', path: '/oauth2/token', init: () => ({ body: {} }) },
  'client secrets': token({ grant_type: 'refresh_token', client_id: 'backend', client_secret: 'guess' }),
  'device authorizations': {
    method: 'POST',
    path: '/oauth2/device_authorization',
    init: () => ({ form: { client_id: CLI } }),
  },
  introspections: {
    method: 'POST',
    path: '/oauth2/introspect',
    init: () => ({ form: { client_id: CLI, token: 'x' } }),
  },
  revocations: {
    method: 'POST',
    path: '/oauth2/revoke',
    init: () => ({ form: { client_id: CLI, token: 'x' } }),
  },
  'logout tokens': {
    method: 'POST',
    path: '/oauth2/backchannel-logout',
    init: () => ({ form: { logout_token: 'guess' } }),
  },
  'API keys': {
    method: 'GET',
    path: '/api/token/list',
    init: (at) => ({ headers: { 'x-api-key': `pk_${String(at).padStart(22, '0')}` } }),
  },
  'bearer tokens': {
    method: 'POST',
    path: '/api/token/generate',
    init: (at) => ({ headers: { authorization: `Bearer guess${at}` }, body: {} }),
  },
  'session cookies': {
    method: 'GET',
    path: '/oauth2/userinfo',
    init: (at) => ({
      headers: { cookie: `__Host-portcullis_session=${'p'.repeat(22)}.${String(at).padStart(43, '0')}` },
    }),
  },
  'secrets of a directory': {
    method: 'GET',
    path: '/scim/v2/Users',
    init: (at) => ({ headers: { authorization: `Bearer guess${at}` } }),
  },
}

async function flood(fixture: HttpFixture, { method, path, init }: Sent, times = 300, address = ADDRESS) {
  const responses: Response[] = []
  for (let at = 0; at < times; at++)
    responses.push(await send(fixture, method, path, { address, ...init?.(at) }))
  return responses
}

const plugins = shippedPlugins({ clients: [{ id: 'backend', secret: CLIENT_SECRET }] })

const openFixture = () => httpFixture({ plugins })

async function errorOf(response: Response): Promise<string> {
  return ((await response.json()) as { error: string }).error
}

describe('limits by address', () => {
  it('no public route is without a limit, unless it says why it needs none', () => {
    const open = ROUTES.filter(({ access, limit }) => access === 'public' && !limit)
    expect(open.filter(({ unlimitedBecause }) => !unlimitedBecause).map(({ path }) => path)).toEqual([])
    expect([...new Set(open.map(({ path }) => path))].sort()).toEqual([
      '/.well-known/jwks.json',
      '/.well-known/oauth-authorization-server',
      '/.well-known/oauth-protected-resource',
      '/.well-known/portcullis/problems/{code}',
      '/health',
      '/oauth2/sign_out',
      '/openapi.json',
      '/ready',
    ])
  })

  it.each(Object.entries(FLOODS))('300 %s from one address are not all answered', async (_, sent) => {
    const fixture = await openFixture()
    const responses = await flood(fixture, sent)
    const refused = responses.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThanOrEqual(60)
    for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    const [elsewhere] = await flood(fixture, sent, 1, '203.0.113.6')
    expect(elsewhere?.status).not.toBe(429)
    fixture.clock.advance(120_000)
    const [later] = await flood(fixture, sent, 1)
    expect(later?.status).toBe(responses[0]?.status)
  })

  it('300 guesses on what is behind the gate are not all answered', async () => {
    const { context } = await openFixture()
    const codes = new Set<string>()
    for (let at = 0; at < 300; at++) {
      const rawHeaders = ['authorization', `Bearer guess${at}`]
      const view = { method: 'POST', target: '/v1/messages', rawHeaders, remoteAddress: ADDRESS }
      const decision = await authenticate(context, view)
      if (decision.outcome === 'deny') codes.add(decision.denial.code)
    }
    expect([...codes]).toEqual(['token_malformed', 'rate_limited'])
  })

  it('OAuth routes answer in their own form', async () => {
    const fixture = await openFixture()
    const last = (await flood(fixture, FLOODS['refresh tokens'] as Sent)).at(-1)
    expect(last?.headers.get('content-type')).toBe('application/json')
    expect(await last?.json()).toMatchObject({ error: 'temporarily_unavailable' })
  })

  it('a proxy that is trusted does not share one limit among its clients, nor can a client choose its address', async () => {
    const fixture = await httpFixture({ clientAddress: { trustedProxies: ['10.0.0.0/8'] } })
    const start = (client: string, address = '10.0.0.1') =>
      send(fixture, 'GET', '/oauth2/start', { address, headers: { 'x-forwarded-for': client } })
    for (let at = 0; at < 250; at++) await start(`192.0.2.${at}, ${ADDRESS}`)
    expect((await start(ADDRESS)).status).toBe(429)
    expect((await start('203.0.113.6')).status).toBe(302)
    for (let at = 0; at < 250; at++) await start(`192.0.2.${at}`, '203.0.113.7')
    expect((await start('192.0.2.250', '203.0.113.7')).status).toBe(429)
  })

  it('limits can be off', async () => {
    const fixture = await httpFixture({ rateLimits: 'off' })
    const responses = await flood(fixture, FLOODS['logins begun'] as Sent)
    expect(responses.every(({ status }) => status === 302)).toBe(true)
  })
})

describe('limits by whoever was proven', () => {
  it('300 tokens of one account are not all made, whatever addresses they are asked for from', async () => {
    const fixture = await openFixture()
    const headers = await sessionOf(fixture.context, 'ada@example.com')
    const statuses: number[] = []
    for (let at = 0; at < 300; at++) {
      const init = { headers, body: {}, address: `203.0.113.${at % 200}` }
      statuses.push((await send(fixture, 'POST', '/api/token/generate', init)).status)
    }
    expect(statuses.filter((status) => status === 201)).toHaveLength(240)
    expect(statuses.filter((status) => status === 429)).toHaveLength(60)
  })

  it('the pages of approval are limited by account', async () => {
    const fixture = await openFixture()
    const headers = await sessionOf(fixture.context, 'ada@example.com')
    const statuses = new Set<number>()
    for (let at = 0; at < 130; at++)
      statuses.add((await send(fixture, 'GET', '/device', { headers, address: ADDRESS })).status)
    expect([...statuses]).toEqual([200, 429])
    const other = await sessionOf(fixture.context, 'bob@example.com')
    expect((await send(fixture, 'GET', '/device', { headers: other, address: ADDRESS })).status).toBe(200)
  })

  it('a client that sends its secret is counted as itself, however many people it serves', async () => {
    const fixture = await openFixture()
    const form = { client_id: 'backend', client_secret: CLIENT_SECRET, token: 'x' }
    const statuses = new Set<number>()
    for (let at = 0; at < 300; at++)
      statuses.add((await send(fixture, 'POST', '/oauth2/introspect', { form, address: ADDRESS })).status)
    expect([...statuses]).toEqual([200])
  })

  it('a client over its limit that waits for approval is told to slow down, not to give up', async () => {
    const fixture = await httpFixture({
      plugins,
      rateLimits: { clientRequestsPerMinute: 1 },
    })
    const ask = (grant: Record<string, string>) =>
      send(fixture, 'POST', '/oauth2/token', {
        form: { client_id: 'backend', client_secret: CLIENT_SECRET, ...grant },
      })
    const grant = { grant_type: DEVICE_GRANT, device_code: 'x' }
    await ask(grant)
    const limited = await ask(grant)
    expect([limited.status, await errorOf(limited)]).toEqual([429, 'slow_down'])
    const other = await ask({ grant_type: 'refresh_token', refresh_token: 'x' })
    expect([other.status, await errorOf(other)]).toEqual([429, 'temporarily_unavailable'])
  })
})

describe('no limit locks out others', () => {
  it('a valid credential passes from an address whose guesses are over the limit', async () => {
    const fixture = await openFixture()
    const { context } = fixture
    await flood(fixture, FLOODS['API keys'] as Sent)
    for (const headers of [
      await sessionOf(context, 'ada@example.com'),
      await tokenOf(context, 'ada@example.com', ['api']),
      await apiKeyOf(context, 'ada@example.com', ['api']),
      { authorization: `Bearer ${SCIM_SECRET}` },
    ]) {
      const path = 'authorization' in headers && headers.authorization?.endsWith(SCIM_SECRET)
      const answer = await send(fixture, 'GET', path ? '/scim/v2/Users' : '/oauth2/userinfo', {
        headers,
        address: ADDRESS,
      })
      expect(answer.status).toBe(200)
    }
  })

  it('what is no guess is told the truth: no credential, a ban, an expired token', async () => {
    const fixture = await openFixture()
    const headers = await tokenOf(fixture.context, 'ada@example.com', ['api'])
    await flood(fixture, FLOODS['API keys'] as Sent)
    const ask = async (init: Init) =>
      (
        (await (await send(fixture, 'GET', '/oauth2/userinfo', { address: ADDRESS, ...init })).json()) as {
          code: string
        }
      ).code
    expect(await ask({})).toBe('credentials_missing')
    fixture.clock.advance(30 * 86_400_000)
    await flood(fixture, FLOODS['API keys'] as Sent)
    expect(await ask({ headers })).toBe('token_expired')
  })

  it('a browser whose session has ended is sent to log in from an address over the limit', async () => {
    const fixture = await openFixture()
    await flood(fixture, FLOODS['session cookies'] as Sent)
    const headers = {
      cookie: `__Host-portcullis_session=${'p'.repeat(22)}.${'s'.repeat(43)}`,
      'sec-fetch-mode': 'navigate',
    }
    const answer = await send(fixture, 'GET', '/oauth2/userinfo', { headers, address: ADDRESS })
    expect(answer.status).toBe(302)
    expect(answer.headers.get('location')).toContain('/oauth2/start')
  })

  it('a refresh, a device that waits and a revocation pass from an address over the limit', async () => {
    const fixture = await oauthFixture()
    const post = async (path: string, form: Record<string, string>) => {
      const answer = await send(fixture, 'POST', path, {
        form: { client_id: CLI, ...form },
        address: ADDRESS,
      })
      return { status: answer.status, body: (await answer.json()) as Record<string, string> }
    }
    const pair = await fixture.logIn()
    const { body: begun } = await post('/oauth2/device_authorization', {})
    await flood(fixture, FLOODS['refresh tokens'] as Sent)
    const waiting = await post('/oauth2/token', {
      grant_type: DEVICE_GRANT,
      device_code: begun.device_code ?? '',
    })
    expect(waiting.body.error).toBe('authorization_pending')
    const refreshed = await post('/oauth2/token', {
      grant_type: 'refresh_token',
      refresh_token: pair.refresh_token,
    })
    expect(refreshed.status).toBe(200)
    expect((await post('/oauth2/revoke', { token: refreshed.body.access_token ?? '' })).status).toBe(200)
    expect(await fixture.statusWith(refreshed.body.access_token ?? '')).toBe(401)
  })

  it('programs of a thousand people that wait for approval do not use up the guesses of their address', async () => {
    const fixture = await oauthFixture()
    const { body: begun } = await fixture.post('/oauth2/device_authorization', { client_id: CLI })
    const poll = token({ grant_type: DEVICE_GRANT, device_code: String(begun.device_code) })
    const responses = await flood(fixture, poll, 1000)
    expect(responses.every(({ status }) => status === 400)).toBe(true)
  })
})

describe('the address of a request', () => {
  it('is what a session and the audit log remember, as the trusted proxy says it', async () => {
    const fixture = await httpFixture({ clientAddress: { trustedProxies: ['10.0.0.0/8'] } })
    const headers = {
      ...(await sessionOf(fixture.context, 'root@example.com')),
      'x-forwarded-for': `1.1.1.1, ${ADDRESS}`,
    }
    const body = { user_email: 'someone@example.com' }
    await send(fixture, 'POST', '/api/admin/sessions/revoke-user', { headers, body, address: '10.0.0.1' })
    const audit = await send(fixture, 'GET', '/api/admin/audit', { headers, address: '10.0.0.1' })
    expect(JSON.stringify(await audit.json())).toContain(`"address":"${ADDRESS}"`)
  })
})
