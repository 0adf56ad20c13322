import { get as httpGet } from 'node:http'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  ClientSecretBasic,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type DemoProvider, type DemoProviderOptions, startDemoProvider } from '../src/demo/provider.js'

const CALLBACK = 'http://localhost:9/oauth2/callback'
const RETURN = 'http://localhost:9/'
const PASSWORD = 'correct horse & "battery"'
const SECRET = 'demo client: secret/with+odd=characters'

const lines: Record<string, unknown>[] = []
const note = (fields: unknown, message?: string) => lines.push({ ...Object(fields), msg: message })
const log = { info: note, warn: note, error: note } as unknown as DemoProviderOptions['log']

const options = (overrides: Partial<DemoProviderOptions> = {}): DemoProviderOptions => ({
  clientId: 'portcullis',
  clientSecret: SECRET,
  redirectUris: [CALLBACK],
  postLogoutRedirectUris: [RETURN],
  password: PASSWORD,
  production: false,
  log,
  ...overrides,
})

/** A browser without scripts: keeps cookies by path, follows redirects that stay with the provider. */
class Browser {
  readonly #cookies = new Map<string, { value: string; path: string }>()
  readonly #origin: string
  constructor(issuer: string) {
    this.#origin = new URL(issuer).origin
  }

  async open(
    url: string | URL,
    form?: Record<string, string>,
  ): Promise<{ url: URL; response: Response; html: string }> {
    let target = new URL(url)
    let body = form && new URLSearchParams(form)
    for (let hops = 0; hops < 10; hops++) {
      const response = await fetch(target, {
        method: body ? 'POST' : 'GET',
        redirect: 'manual',
        headers: { accept: 'text/html', cookie: this.#cookieHeader(target) },
        ...(body ? { body } : {}),
      })
      this.#keep(response, target)
      const location = response.headers.get('location')
      if (location === null) return { url: target, response, html: await response.text() }
      target = new URL(location, target)
      body = undefined
      if (target.origin !== this.#origin) return { url: target, response, html: '' }
    }
    throw new Error('too many redirects')
  }

  #cookieHeader(url: URL): string {
    return [...this.#cookies]
      .filter(([, { path }]) => url.pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ')
  }

  #keep(response: Response, url: URL): void {
    for (const header of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? []
      const path = /;\s*path=([^;]*)/i.exec(header)?.[1] ?? url.pathname
      if (/expires=Thu, 01 Jan 1970/i.test(header)) this.#cookies.delete(name)
      else this.#cookies.set(name, { value, path })
    }
  }
}

interface Attempt {
  readonly browser: Browser
  readonly verifier: string
  readonly state: string
  readonly nonce: string
  readonly url: URL
}

async function attempt(
  client: Configuration,
  browser: Browser,
  more: Record<string, string> = {},
): Promise<Attempt> {
  const [verifier, state, nonce] = [randomPKCECodeVerifier(), randomState(), randomNonce()]
  const url = buildAuthorizationUrl(client, {
    redirect_uri: CALLBACK,
    scope: 'openid email profile',
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...more,
  })
  return { browser, verifier, state, nonce, url }
}

async function complete(client: Configuration, { verifier, state, nonce }: Attempt, callback: URL) {
  return authorizationCodeGrant(client, callback, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  })
}

async function logIn(client: Configuration, browser: Browser, email: string) {
  const started = await attempt(client, browser)
  const { url } = await browser.open(started.url)
  const { url: callback } = await browser.open(url, { email, password: PASSWORD, choice: 'log-in' })
  return { callback, tokens: await complete(client, started, callback) }
}

const connect = (issuer: string, auth?: ReturnType<typeof ClientSecretBasic>) =>
  discovery(new URL(issuer), 'portcullis', SECRET, auth, { execute: [allowInsecureRequests] })

describe('the demo identity provider', () => {
  let provider: DemoProvider
  let client: Configuration
  const extra: DemoProvider[] = []

  beforeAll(async () => {
    provider = await startDemoProvider(options())
    client = await connect(provider.issuer)
  })
  afterAll(() => provider.close())
  afterEach(async () => {
    await Promise.all(extra.splice(0).map((one) => one.close()))
  })

  it.each([
    ['admin@example.com', 'demo-admin', ['admins']],
    ['user@example.com', 'demo-user', ['users']],
  ])(
    'logs %s in by authorization code with PKCE, with claims in the ID token and from userinfo',
    async (email, sub, groups) => {
      const { callback, tokens } = await logIn(client, new Browser(provider.issuer), email)
      expect(callback.searchParams.get('iss')).toBe(provider.issuer)
      const claims = { sub, email, email_verified: true, name: expect.any(String), groups }
      expect(tokens.claims()).toMatchObject(claims)
      expect(await fetchUserInfo(client, tokens.access_token, sub)).toMatchObject(claims)
    },
  )

  it('accepts the client secret in the Authorization header as well as in the body', async () => {
    const basic = await connect(provider.issuer, ClientSecretBasic(SECRET))
    const { tokens } = await logIn(basic, new Browser(provider.issuer), 'user@example.com')
    expect(tokens.claims()?.email).toBe('user@example.com')
  })

  it('refuses a client with another secret', async () => {
    const stranger = await discovery(new URL(provider.issuer), 'portcullis', 'not the secret', undefined, {
      execute: [allowInsecureRequests],
    })
    await expect(logIn(stranger, new Browser(provider.issuer), 'user@example.com')).rejects.toMatchObject({
      error: 'invalid_client',
    })
  })

  it('knows a browser that has logged in already, without asking again', async () => {
    const browser = new Browser(provider.issuer)
    await logIn(client, browser, 'admin@example.com')
    const started = await attempt(client, browser)
    const { url } = await browser.open(started.url)
    expect((await complete(client, started, url)).claims()?.email).toBe('admin@example.com')
  })

  it('asks again when the gateway wants a fresh login', async () => {
    const browser = new Browser(provider.issuer)
    await logIn(client, browser, 'admin@example.com')
    const started = await attempt(client, browser, { prompt: 'login' })
    expect((await browser.open(started.url)).html).toContain('type="password"')
  })

  it('resolves a request for consent without a page, since the client is of the same house', async () => {
    const browser = new Browser(provider.issuer)
    const started = await attempt(client, browser, { prompt: 'consent' })
    const { url } = await browser.open(started.url)
    const done = await browser.open(url, { email: 'user@example.com', password: PASSWORD })
    expect((await complete(client, started, done.url)).claims()?.sub).toBe('demo-user')
  })

  it.each([
    ['a wrong password', { email: 'admin@example.com', password: 'wrong' }],
    ['an empty form', {}],
    ['an unknown account', { email: 'eve@example.com', password: PASSWORD }],
    ['markup instead of an account', { email: '"><script>alert(1)</script>', password: PASSWORD }],
    ['a form of 9 kB', { email: 'admin@example.com', password: PASSWORD, filler: 'x'.repeat(9_000) }],
  ])('answers %s with the form again and 401', async (_, form: Record<string, string>) => {
    const browser = new Browser(provider.issuer)
    const { url } = await browser.open((await attempt(client, browser)).url)
    const { response, html } = await browser.open(url, form)
    expect(response.status).toBe(401)
    expect(html).toContain('role="alert"')
    expect(html).toContain('type="password"')
    expect(html).not.toContain('<script')
    const retried = await browser.open(url, { email: 'admin@example.com', password: PASSWORD })
    expect(retried.url.origin).toBe(new URL(CALLBACK).origin)
  })

  it('leads back with access_denied when the login is cancelled', async () => {
    const browser = new Browser(provider.issuer)
    const { url } = await browser.open((await attempt(client, browser)).url)
    const cancelled = await browser.open(url, { choice: 'cancel' })
    expect(cancelled.url.searchParams.get('error')).toBe('access_denied')
    expect(cancelled.url.href.startsWith(CALLBACK)).toBe(true)
  })

  it('takes a login from the browser alone that began it', async () => {
    const browser = new Browser(provider.issuer)
    const { url } = await browser.open((await attempt(client, browser)).url)
    const stranger = await new Browser(provider.issuer).open(url, {
      email: 'admin@example.com',
      password: PASSWORD,
    })
    expect(stranger.response.status).toBe(400)
    expect(stranger.html).toContain('expired')
  })

  it('serves pages without scripts whose forms may lead back to the gateway', async () => {
    const browser = new Browser(provider.issuer)
    const { response, html } = await browser.open((await attempt(client, browser)).url)
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain(`form-action 'self' ${new URL(CALLBACK).origin}`)
    expect(policy).not.toContain('unsafe-inline')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(html).not.toMatch(/<script|javascript:|\son\w+=/)
    expect(html).toMatch(/<input type="password"[^>]* autofocus/)
    expect(html.match(/type="radio"/g)).toHaveLength(2)
  })

  it('preselects the account that the gateway names', async () => {
    const browser = new Browser(provider.issuer)
    const started = await attempt(client, browser, { login_hint: 'user@example.com' })
    expect((await browser.open(started.url)).html).toMatch(/value="user@example.com" required checked/)
  })

  it('requires PKCE with S256', async () => {
    const browser = new Browser(provider.issuer)
    const { url } = await attempt(client, browser)
    url.searchParams.set('code_challenge_method', 'plain')
    expect((await browser.open(url)).url.searchParams.get('error')).toBe('invalid_request')
    url.searchParams.delete('code_challenge')
    url.searchParams.delete('code_challenge_method')
    expect((await browser.open(url)).url.searchParams.get('error')).toBe('invalid_request')
  })

  it('leads to registered addresses only, and shows text it was sent as text', async () => {
    const browser = new Browser(provider.issuer)
    const { url } = await attempt(client, browser, { redirect_uri: 'http://localhost:9/oauth2/callback/' })
    const { response, html } = await browser.open(url)
    expect(response.status).toBe(400)
    expect(html).toContain('redirect_uri')
    url.searchParams.set('response_mode', '<img src=x>')
    expect((await browser.open(url)).html).not.toContain('<img')
  })

  it('logs out without a question when the ID token is that of the account, and returns with the state', async () => {
    const browser = new Browser(provider.issuer)
    const { tokens } = await logIn(client, browser, 'user@example.com')
    const logout = buildEndSessionUrl(client, {
      post_logout_redirect_uri: RETURN,
      id_token_hint: tokens.id_token ?? '',
      state: 'on the way back',
    })
    const { url } = await browser.open(logout)
    expect(url.href).toBe(`${RETURN}?state=on+the+way+back`)
    expect((await browser.open((await attempt(client, browser)).url)).html).toContain('type="password"')
    await expect(fetchUserInfo(client, tokens.access_token, 'demo-user')).rejects.toThrow()
    expect((await browser.open(logout)).url.href).toBe(`${RETURN}?state=on+the+way+back`)
  })

  it('asks before it logs out when the request does not show who it is from', async () => {
    const browser = new Browser(provider.issuer)
    await logIn(client, browser, 'user@example.com')
    const { html } = await browser.open(buildEndSessionUrl(client, { post_logout_redirect_uri: RETURN }))
    expect(html).toContain('user@example.com')
    expect(html).not.toContain('<script')
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(html) ?? []
    const { url } = await browser.open(`${provider.issuer}/session/end/confirm`, { xsrf, logout: 'yes' })
    expect(url.href).toBe(RETURN)
    expect((await browser.open((await attempt(client, browser)).url)).html).toContain('type="password"')
  })

  it('does not log out on the word of another account', async () => {
    const [one, other] = [new Browser(provider.issuer), new Browser(provider.issuer)]
    const { tokens } = await logIn(client, other, 'admin@example.com')
    await logIn(client, one, 'user@example.com')
    const { html } = await one.open(
      buildEndSessionUrl(client, { post_logout_redirect_uri: RETURN, id_token_hint: tokens.id_token ?? '' }),
    )
    expect(html).toContain('Log out?')
  })

  it('returns from a logout with an ID token of before its restart', async () => {
    const browser = new Browser(provider.issuer)
    const { tokens } = await logIn(client, browser, 'user@example.com')
    const { port } = new URL(provider.issuer)
    await provider.close()
    provider = await startDemoProvider(options({ port: Number(port) }))
    client = await connect(provider.issuer)
    const logout = buildEndSessionUrl(client, {
      post_logout_redirect_uri: RETURN,
      id_token_hint: tokens.id_token ?? '',
    })
    expect((await browser.open(logout)).url.href).toBe(RETURN)
  })

  it('never leads a logout to an address that is not registered', async () => {
    const browser = new Browser(provider.issuer)
    const { tokens } = await logIn(client, browser, 'user@example.com')
    const elsewhere = buildEndSessionUrl(client, {
      post_logout_redirect_uri: 'http://evil.example/',
      id_token_hint: tokens.id_token ?? '',
    })
    const { response, url } = await browser.open(elsewhere)
    expect(response.status).toBe(400)
    expect(url.origin).toBe(provider.issuer)
  })

  it('answers under its own name only', async () => {
    const { port } = new URL(provider.issuer)
    const status = await new Promise((resolve, reject) => {
      httpGet(
        {
          host: '127.0.0.1',
          port,
          path: '/.well-known/openid-configuration',
          headers: { host: `rebound.example:${port}` },
        },
        (res) => {
          res.resume()
          resolve(res.statusCode)
        },
      ).once('error', reject)
    })
    expect(status).toBe(421)
  })

  it('offers no registration, introspection or device flow', async () => {
    const metadata = client.serverMetadata()
    expect(metadata.end_session_endpoint).toBe(`${provider.issuer}/session/end`)
    expect(metadata.authorization_response_iss_parameter_supported).toBe(true)
    expect(metadata).not.toHaveProperty('registration_endpoint')
    expect(metadata).not.toHaveProperty('introspection_endpoint')
    expect(metadata).not.toHaveProperty('device_authorization_endpoint')
    expect((await fetch(`${provider.issuer}/reg`, { method: 'POST', body: '{}' })).status).toBe(404)
  })

  it('refuses to start in production', async () => {
    await expect(startDemoProvider(options({ production: true }))).rejects.toMatchObject({
      code: 'configuration_invalid',
      problems: [expect.stringContaining('OIDC_ISSUER')],
    })
  })

  it('rejects when its port is taken', async () => {
    const { port } = new URL(provider.issuer)
    await expect(startDemoProvider(options({ port: Number(port) }))).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })

  it('announces itself and never logs the password or a token', async () => {
    lines.length = 0
    const own = await startDemoProvider(options())
    extra.push(own)
    await logIn(await connect(own.issuer), new Browser(own.issuer), 'admin@example.com')
    expect(lines[0]).toMatchObject({ msg: 'demo identity provider: not for production', issuer: own.issuer })
    expect(JSON.stringify(lines)).not.toContain(PASSWORD)
    expect(JSON.stringify(lines)).not.toContain('eyJ')
  })
})
