import { describe, expect, it } from 'vitest'
import { resolveOptions } from '../../../src/gate/resolve-options.js'
import { gateFixture } from '../../gate/gate-fixture.js'
import { type HttpFixture, httpFixture, sessionOf, tokenOf } from '../http-fixture.js'

const USER = 'user@example.com'

type Headers = Record<string, string>

async function gate(authRequest: NonNullable<Parameters<typeof httpFixture>[0]>['authRequest'] = {}) {
  const fixture = await httpFixture({ authRequest, roleByGroup: { guests: 'viewer' } })
  /** A session as a browser sends it along, without the signs of a page of ours. */
  const cookieOf = async (email: string, groups?: readonly string[]) => {
    const { cookie = '' } = await sessionOf(fixture.context, email, groups)
    return { cookie }
  }
  return { ...fixture, cookieOf, ask: askWith(fixture) }
}

function askWith({ call }: HttpFixture) {
  return async (headers: Headers, query = '') => {
    const response = await call('GET', `/oauth2/auth${query}`, { headers })
    return { status: response.status, code: await codeOf(response), headers: response.headers }
  }
}

async function codeOf(response: Response): Promise<string | undefined> {
  const text = await response.text()
  return text.startsWith('{') ? (JSON.parse(text) as { code: string }).code : undefined
}

/** How each proxy tells of the original request. */
const TELLERS: Record<'nginx' | 'forward-auth', (method: string, target: string) => Headers> = {
  nginx: (method, target) => ({ 'x-original-method': method, 'x-original-uri': target }),
  'forward-auth': (method, target) => ({
    'x-forwarded-method': method,
    'x-forwarded-uri': target,
    'x-forwarded-host': 'gate.test',
    'x-forwarded-proto': 'https',
  }),
}

describe.each(['nginx', 'forward-auth'] as const)('behind a proxy that asks as %s does', (proxy) => {
  const told = (method: string, target = '/things?x=1') => TELLERS[proxy](method, target)

  it('a viewer reads, and neither deletes nor opens a WebSocket', async () => {
    const { ask, cookieOf } = await gate({ proxy })
    const viewer = { ...(await cookieOf(USER, ['guests'])), origin: 'https://gate.test' }
    expect(await ask({ ...viewer, ...told('GET') })).toMatchObject({ status: 202 })
    for (const method of ['DELETE', 'POST', 'PUT', 'PATCH', 'get'])
      expect(await ask({ ...viewer, ...told(method) })).toMatchObject({
        status: 403,
        code: 'role_insufficient',
      })
    const handshake = { 'sec-websocket-key': 'x', 'sec-websocket-version': '13' }
    expect(await ask({ ...viewer, ...told('GET'), ...handshake })).toMatchObject({
      code: 'role_insufficient',
    })
  })

  it('a session changes things from pages of the gate’s own origin alone', async () => {
    const { ask, cookieOf } = await gate({ proxy })
    const session = await cookieOf(USER)
    expect(await ask({ ...session, ...told('GET') })).toMatchObject({ status: 202 })
    const own = [{ 'sec-fetch-site': 'same-origin' }, { origin: 'https://gate.test' }]
    for (const proof of own)
      expect(await ask({ ...session, ...told('POST'), ...proof })).toMatchObject({ status: 202 })
    const foreign: Headers[] = [{}, { 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.test' }]
    for (const proof of foreign)
      expect(await ask({ ...session, ...told('POST'), ...proof })).toMatchObject({
        status: 403,
        code: 'cross_site_request',
      })
    const handshake = { 'sec-websocket-key': 'x', origin: 'https://evil.test' }
    expect(await ask({ ...session, ...told('GET'), ...handshake })).toMatchObject({
      code: 'cross_site_request',
    })
  })

  it('a GET that names another method to what is behind is judged as the stronger of both', async () => {
    const { ask, cookieOf } = await gate({ proxy })
    const [viewer, session] = [await cookieOf(USER, ['guests']), await cookieOf('other@example.com')]
    for (const name of ['x-http-method-override', 'X-Method-Override', 'x_http_method']) {
      expect(await ask({ ...viewer, ...told('GET'), [name]: 'DELETE' })).toMatchObject({ status: 403 })
      expect(await ask({ ...session, ...told('GET'), [name]: 'delete' })).toMatchObject({
        code: 'cross_site_request',
      })
      expect(await ask({ ...viewer, ...told('GET'), [name]: 'HEAD' })).toMatchObject({ status: 202 })
      // Nor does it make a stronger one weaker.
      expect(await ask({ ...viewer, ...told('DELETE'), [name]: 'GET' })).toMatchObject({ status: 403 })
    }
  })

  it('any field of a handshake tells a WebSocket, since proxies keep Upgrade to themselves', async () => {
    const { ask, cookieOf } = await gate({ proxy })
    const viewer = await cookieOf(USER, ['guests'])
    for (const name of ['sec-websocket-key', 'Sec-WebSocket-Version', 'sec-websocket-protocol', 'upgrade'])
      expect(await ask({ ...viewer, ...told('GET'), [name]: 'x' })).toMatchObject({ status: 403 })
  })

  it('what has two readings is refused as a 403, which every proxy passes on', async () => {
    const { ask, context } = await gate({ proxy })
    const token = await tokenOf(context, USER, ['api'])
    expect(await ask({ ...token, ...told('GET', '/a/../b') })).toMatchObject({
      status: 403,
      code: 'target_invalid',
    })
    expect(await ask({ ...token, ...told('GET', '/a?access_token=x') })).toMatchObject({
      code: 'token_in_query',
    })
    expect(await ask({ ...token, ...told('TRACE') })).toMatchObject({ status: 403, code: 'method_refused' })
  })

  it('the method of another proxy’s headers, or none, is not believed', async () => {
    const { ask, cookieOf } = await gate({ proxy })
    const session = await cookieOf(USER)
    const other = proxy === 'nginx' ? 'forward-auth' : 'nginx'
    const unknown = { status: 403, code: 'original_request_unknown' }
    expect(await ask(session)).toMatchObject(unknown)
    expect(await ask({ ...session, ...TELLERS[other]('GET', '/') })).toMatchObject(unknown)
    expect(await ask({ ...session, ...told('GET, DELETE') })).toMatchObject(unknown)
    expect(await ask({ ...session, ...TELLERS[other]('GET', '/'), ...told('DELETE') })).toMatchObject({
      code: 'cross_site_request',
    })
  })
})

describe('behind a proxy that the options do not name', () => {
  it('the stricter of all that is told counts, since one of it may be the client’s own', async () => {
    const { ask, cookieOf } = await gate()
    const viewer = await cookieOf(USER, ['guests'])
    for (const method of ['x-original-method', 'x-forwarded-method']) {
      const other = method === 'x-original-method' ? 'x-forwarded-method' : 'x-original-method'
      expect(await ask({ ...viewer, [method]: 'GET' })).toMatchObject({ status: 202 })
      expect(await ask({ ...viewer, [method]: 'DELETE', [other]: 'GET' })).toMatchObject({ status: 403 })
    }
  })

  it('without a method a viewer is refused, and a session on a request that a browser calls foreign', async () => {
    const { ask, cookieOf } = await gate()
    expect(await ask(await cookieOf(USER, ['guests']))).toMatchObject({
      status: 403,
      code: 'role_insufficient',
    })
    const session = await cookieOf(USER)
    expect(await ask(session)).toMatchObject({ status: 202 })
    expect(await ask({ ...session, origin: 'https://evil.test' })).toMatchObject({
      code: 'cross_site_request',
    })
  })
})

describe('behind Envoy', () => {
  const envoy = async () => {
    const fixture = await gate({ proxy: 'envoy' })
    const check = async (method: string, path: string, headers: Headers) => {
      const response = await fixture.call(method, `/oauth2/auth${path}`, { headers })
      return { status: response.status, code: await codeOf(response) }
    }
    return { ...fixture, check }
  }

  it('the method and path of the check are those of the request; 200 lets it pass', async () => {
    const { check, cookieOf, context } = await envoy()
    const viewer = await cookieOf('guest@example.com', ['guests'])
    expect(await check('GET', '/things?x=1', viewer)).toMatchObject({ status: 200 })
    expect(await check('DELETE', '/things', viewer)).toMatchObject({ status: 403 })
    const token = await tokenOf(context, USER, ['api'])
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      expect(await check(method, '/', token)).toMatchObject({ status: 200 })
    expect(await check('POST', '/things', {})).toMatchObject({ status: 401, code: 'credentials_missing' })
    const session = await cookieOf(USER)
    expect(await check('POST', '/things', session)).toMatchObject({ status: 403, code: 'cross_site_request' })
    expect(await check('POST', '/things', { ...session, origin: 'https://gate.test' })).toMatchObject({
      status: 200,
    })
  })

  it('parameters of the request are its own, not those of the check', async () => {
    const { check, context } = await envoy()
    const token = await tokenOf(context, USER, ['api'])
    expect(await check('GET', '/things?allowed_groups=x&any=1', token)).toMatchObject({ status: 200 })
  })

  it('is asked below the path of the route only where the option says so', async () => {
    const { call, context } = await gate({ proxy: 'nginx' })
    const headers = await tokenOf(context, USER, ['api'])
    expect((await call('GET', '/oauth2/auth/things', { headers })).status).toBe(404)
  })
})

describe('a browser without a session', () => {
  const page = {
    'sec-fetch-mode': 'navigate',
    accept: 'text/html',
    'x-original-method': 'GET',
    'x-original-uri': '/a?b=c',
  }

  it('is a 401 for nginx, which takes anything else for a broken gate', async () => {
    const { ask } = await gate()
    expect(await ask(page)).toMatchObject({ status: 401 })
  })

  it('is sent to log in, and back to where it was, where that is asked for by parameter or option', async () => {
    const location = 'https://gate.test/oauth2/start?rd=%2Fa%3Fb%3Dc'
    const asked = await (await gate()).ask(page, '?login=redirect')
    expect([asked.status, asked.headers.get('location')]).toEqual([302, location])
    const { ask } = await gate({ unauthenticated: 'login' })
    expect((await ask(page)).headers.get('location')).toBe(location)
    expect((await ask(page, '?login=refuse')).status).toBe(401)
  })

  it('is no program, nor a request that changes something: those get a 401 whatever was asked for', async () => {
    const { ask } = await gate({ unauthenticated: 'login' })
    expect((await ask({ ...page, 'sec-fetch-mode': 'cors' })).status).toBe(401)
    expect((await ask({ ...page, 'x-original-method': 'POST' })).status).toBe(401)
    expect((await ask({ authorization: 'Bearer nonsense', ...page })).status).toBe(401)
  })
})

describe('a place that is not for everybody', () => {
  it.each([
    ['allowed_groups=staff', 202],
    ['allowed_groups=admins,staff', 202],
    ['allowed_groups=admins', 403],
    ['allowed_groups=Staff', 403],
    ['allowed_emails=other@example.com,USER@example.com', 202],
    ['allowed_emails=other@example.com', 403],
    ['allowed_email_domains=example.com', 202],
    ['allowed_email_domains=example.org,EXAMPLE.com', 202],
    ['allowed_email_domains=.example.com', 202],
    ['allowed_email_domains=*.com', 202],
    ['allowed_email_domains=ample.com', 403],
    ['allowed_email_domains=com', 403],
    ['allowed_email_domains=*', 403],
    ['allowed_groups=staff&allowed_email_domains=example.org', 403],
    ['allowed_groups=staff&allowed_emails=user@example.com&allowed_email_domains=example.com', 202],
  ])('for ?%s answers %d', async (query, status) => {
    const { ask, cookieOf } = await gate()
    const answer = await ask(await cookieOf(USER), `?${query}`)
    expect(answer.status).toBe(status)
    if (status === 403) expect(answer.code).toMatch(/^(group_insufficient|account_not_listed)$/)
  })

  it('for a group is closed to tokens, which carry none', async () => {
    const { ask, context } = await gate()
    const answer = await ask(await tokenOf(context, USER, ['api']), '?allowed_groups=staff')
    expect(answer).toMatchObject({ status: 403, code: 'group_insufficient' })
  })

  it.each([
    'allowed_group=admins',
    'allowed_groups=',
    'allowed_groups=,',
    'allowed_groups=a&allowed_groups=staff',
    'allowed_emails=nobody',
    'login=maybe',
    'x=1',
  ])('cannot be meant by ?%s: 400', async (query) => {
    const { ask, cookieOf } = await gate()
    expect(await ask(await cookieOf(USER), `?${query}`)).toMatchObject({ status: 400, code: 'input_invalid' })
  })
})

describe('who it is', () => {
  it('is told in visible ASCII, whatever somebody is called', async () => {
    const { ask, cookieOf } = await gate()
    const groups = ['staff,admins', '🦊 crew', 'lone \ud800', 'a%2Cb', 'x\r\ny']
    const { status, headers } = await ask(await cookieOf('jürgen😀@example.com', groups))
    expect(status).toBe(202)
    expect(headers.get('x-auth-request-user')).toBe('j%C3%BCrgen%F0%9F%98%80@example.com')
    const told = headers.get('x-auth-request-groups') ?? ''
    expect(told).toMatch(/^[\x21-\x7e]+$/)
    expect(told.split(',').map(decodeURIComponent)).toEqual([
      'staff,admins',
      '🦊 crew',
      'lone \ufffd',
      'a%2Cb',
      'x\r\ny',
    ])
  })
})

it.each([{ proxy: 'apache' }, { unauthenticated: 'yes' }])(
  'does not start with authRequest %j',
  async (wrong) => {
    const { options } = await gateFixture()
    expect(() => resolveOptions({ ...options, authRequest: wrong as never })).toThrow(
      expect.objectContaining({ problems: [expect.stringContaining('authRequest')] }),
    )
  },
)
