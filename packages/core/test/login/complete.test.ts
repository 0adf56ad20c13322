import { describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { identify } from '../../src/authentication/authenticate.js'
import type { GateContext } from '../../src/context/context.js'
import { PortcullisError } from '../../src/errors/portcullis-error.js'
import { beginLogin } from '../../src/login/begin.js'
import { completeLogin } from '../../src/login/complete.js'
import { endLogin } from '../../src/login/end.js'
import {
  type IdentityProvider,
  type LoginChallenge,
  LoginRefused,
  type ProviderLogin,
} from '../../src/login/identity-provider.js'
import { parseCookieValue } from '../../src/sessions/session.js'
import { actingAs, gateFixture, must, refusalOf } from '../gate/gate-fixture.js'

const LOGIN: ProviderLogin = {
  issuer: 'https://idp.test',
  subject: 'subject',
  email: 'User@Example.com',
  emailVerified: true,
  name: 'A\u0000User',
  groups: ['staff'],
  idToken: 'id-token',
}

/** A provider whose part is played by the test: what it is asked is kept, what it answers is set. */
async function withProvider(answer: Partial<ProviderLogin> | Error = {}) {
  const asked: { begun: LoginChallenge[]; completed: LoginChallenge[] } = { begun: [], completed: [] }
  const provider: IdentityProvider = {
    issuer: LOGIN.issuer,
    async begin(challenge) {
      asked.begun.push(challenge)
      return new URL(`https://idp.test/auth?state=${challenge.state}`)
    },
    async complete(_callback, challenge) {
      asked.completed.push(challenge)
      if (answer instanceof Error) throw answer
      return { ...LOGIN, ...answer } as ProviderLogin
    },
    logoutUrl: async ({ idToken, returnTo }) =>
      new URL(`https://idp.test/end?hint=${idToken}&to=${returnTo}`),
    ready: async () => true,
  }
  const fixture = await gateFixture({ identityProvider: provider })
  return { ...fixture, asked }
}

function cookieValue(cookie: string): string {
  return cookie.split(';')[0]?.split('=')[1] ?? ''
}

async function begin(context: GateContext, browser?: string) {
  const { location, setCookie } = must(await beginLogin(context, { returnTo: '/app', browser }))
  const state = new URL(location).searchParams.get('state') ?? ''
  const callback = new URL(`https://gate.test/oauth2/callback?code=c&state=${state}`)
  return { callback, browser: cookieValue(setCookie), setCookie }
}

describe('a login', () => {
  it('ends in a session of the canonical account, back where it began', async () => {
    const { context, asked } = await withProvider()
    const { callback, browser } = await begin(context)
    const { location, setCookies } = must(await completeLogin(context, { callback, browser }))
    expect(location).toBe('/app')
    expect(setCookies).toHaveLength(1)
    expect(setCookies[0]).toMatch(
      /^__Host-portcullis_session=.+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+; Secure$/,
    )
    expect(setCookies[0]?.length).toBeLessThan(4096)
    expect(asked.completed).toEqual(asked.begun)
    const rawHeaders = ['cookie', `__Host-portcullis_session=${cookieValue(setCookies[0] ?? '')}`]
    expect(must(await identify(context, { method: 'GET', target: '/', rawHeaders }))).toMatchObject({
      email: 'user@example.com',
      name: 'A User',
    })
  })

  it('asks with fresh state, nonce and verifier each time, none of them in the cookie', async () => {
    const { context, asked } = await withProvider()
    const first = await begin(context)
    const second = await begin(context, first.browser)
    expect(second.browser).toBe(first.browser)
    const [a, b] = asked.begun
    expect(new Set([a?.state, b?.state, a?.nonce, b?.nonce, a?.codeVerifier, b?.codeVerifier]).size).toBe(6)
    expect(a?.codeVerifier).toMatch(/^[\w-]{43}$/)
    expect(first.callback.href).not.toContain(a?.codeVerifier)
    for (const secret of [a?.nonce, a?.codeVerifier]) expect(first.setCookie).not.toContain(secret)
  })

  it('is good once: a replayed callback is refused', async () => {
    const { context } = await withProvider()
    const { callback, browser } = await begin(context)
    must(await completeLogin(context, { callback, browser }))
    expect(refusalOf(await completeLogin(context, { callback, browser }))).toBe('login_refused')
  })

  it('is good in the browser that began it, and within ten minutes', async () => {
    const { context, clock } = await withProvider()
    const mine = await begin(context)
    const theirs = await begin(context)
    expect(
      refusalOf(await completeLogin(context, { callback: mine.callback, browser: theirs.browser })),
    ).toBe('login_refused')
    expect(refusalOf(await completeLogin(context, { callback: mine.callback, browser: undefined }))).toBe(
      'login_refused',
    )
    clock.advance(600_000)
    expect(refusalOf(await completeLogin(context, mine))).toBe('login_refused')
  })

  it.each(['', 'forged', 'a'.repeat(400)])(
    'with the state %j is refused without asking the provider',
    async (state) => {
      const { context, asked } = await withProvider()
      const { browser } = await begin(context)
      const callback = new URL(`https://gate.test/oauth2/callback?code=c&state=${state}`)
      expect(refusalOf(await completeLogin(context, { callback, browser }))).toBe('login_refused')
      expect(asked.completed).toEqual([])
    },
  )

  it.each([
    [{ emailVerified: false }, 'email_unverified'],
    [{ email: 'nobody' }, 'login_email_missing'],
    [{ email: 'ad\u212ain@example.com' }, 'login_email_missing'],
    [new LoginRefused('nonce mismatch'), 'login_refused'],
  ])('is refused when the provider says %j', async (answer, code) => {
    const { context, events } = await withProvider(answer)
    const outcome = await completeLogin(context, await begin(context))
    expect(refusalOf(outcome)).toBe(code)
    const detail = expect.stringMatching(`was refused \\(${code}\\): .{10}`)
    expect(events).toEqual([expect.objectContaining({ level: 'warn', code: 'login_refused', detail })])
  })

  it('is refused to a banned account, however its e-mail is spelled', async () => {
    const { context } = await withProvider()
    must(await banAccount(context, { account: 'user@example.com', by: actingAs('admin@example.com') }))
    expect(refusalOf(await completeLogin(context, await begin(context)))).toBe('account_banned')
  })

  it('is a malfunction, not a refusal, when the provider is out of reach', async () => {
    const { context } = await withProvider(new PortcullisError('provider_unavailable', 'down'))
    await expect(completeLogin(context, await begin(context))).rejects.toMatchObject({
      code: 'provider_unavailable',
    })
  })

  it('gives a new session and ends the one the browser had', async () => {
    const { context } = await withProvider()
    const first = must(await completeLogin(context, await begin(context)))
    const previousSession = cookieValue(first.setCookies[0] ?? '')
    const second = must(await completeLogin(context, { ...(await begin(context)), previousSession }))
    expect(cookieValue(second.setCookies[0] ?? '')).not.toBe(previousSession)
    const rawHeaders = ['cookie', `__Host-portcullis_session=${previousSession}`]
    const before = await identify(context, { method: 'GET', target: '/', rawHeaders })
    expect(refusalOf(before)).toBe('session_invalid')
  })
})

describe('a logout', () => {
  it('ends the session here and sends the browser to end it at the provider', async () => {
    const { context } = await withProvider()
    const { setCookies } = must(await completeLogin(context, await begin(context)))
    const value = cookieValue(setCookies[0] ?? '')
    const session = parseCookieValue(value)
    if (!session) throw new Error('no session')
    const ended = await endLogin(context, { session, returnTo: '/app' })
    expect(ended.location).toBe('https://idp.test/end?hint=id-token&to=https://gate.test/')
    expect(ended.setCookies[0]).toContain('Max-Age=0')
    const again = await endLogin(context, { session, returnTo: '/app' })
    expect([again.location, again.returnTo]).toEqual([undefined, '/app'])
  })
})
