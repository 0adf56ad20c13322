import { describe, expect, it } from 'vitest'
import { listAudit } from '../../src/audit/list.js'
import { PortcullisError } from '../../src/errors/portcullis-error.js'
import { grantsOf, loginHooksOf } from '../../src/gate/plugin-hooks.js'
import { beginLogin } from '../../src/login/begin.js'
import { completeLogin } from '../../src/login/complete.js'
import type { IdentityProvider } from '../../src/login/identity-provider.js'
import type { LoginHooks, LoginRefusal, StoredLogin, TokenGrants } from '../../src/plugin/hooks.js'
import type { Plugin } from '../../src/plugin/plugin.js'
import { listSessions } from '../../src/sessions/list.js'
import { gateFixture, must, refusalOf } from '../gate/gate-fixture.js'

const ACCOUNT = 'user@example.com'

const identityProvider: IdentityProvider = {
  issuer: 'https://idp.test',
  begin: async ({ state }) => new URL(`https://idp.test/auth?state=${state}`),
  complete: async () => ({
    issuer: 'https://idp.test',
    subject: 'subject',
    email: ACCOUNT,
    emailVerified: true,
    groups: ['staff'],
    providerSessionId: 'sid',
    idToken: 't',
  }),
  logoutUrl: async () => undefined,
  ready: async () => true,
}

const TERMS: LoginRefusal = {
  denial: { code: 'terms_unsigned', status: 403, title: 'Terms', detail: 'Sign the terms first.' },
  reason: 'the terms are not signed',
}

const plugin = (name: string, logins: LoginHooks): Plugin => ({ name, start: () => ({ logins }) })

async function logInThrough(...plugins: readonly Plugin[]) {
  const fixture = await gateFixture({ identityProvider, plugins })
  const { context } = fixture
  const { location, setCookie } = must(await beginLogin(context, { returnTo: '/', browser: undefined }))
  const state = new URL(location).searchParams.get('state') ?? ''
  const callback = new URL(`https://gate.test/oauth2/callback?code=c&state=${state}`)
  const browser = setCookie.split(';')[0]?.split('=')[1] ?? ''
  const answer = await completeLogin(context, { callback, browser }).catch((error: unknown) => error)
  const refused = async () =>
    (await listAudit(context, { limit: 20 })).items.find(({ action }) => action === 'session.refused')
      ?.details
  return { ...fixture, answer, refused, live: () => liveSessions(fixture) }
}

async function liveSessions({ context }: Awaited<ReturnType<typeof gateFixture>>) {
  const { items } = await listSessions(context, { account: ACCOUNT, limit: 10 })
  return items.length
}

describe('a hook before a login', () => {
  it('refuses it with a code of its own, and no session is left', async () => {
    const { answer, live } = await logInThrough(plugin('terms', { beforeLogin: async () => TERMS }))
    expect(refusalOf(answer as never)).toBe('terms_unsigned')
    expect(await live()).toBe(0)
  })

  it('cannot let in whom another refuses, before or behind it', async () => {
    const one = plugin('one', { beforeLogin: async () => undefined })
    const two = plugin('two', { beforeLogin: async () => TERMS })
    for (const plugins of [
      [one, two],
      [two, one],
    ])
      expect(refusalOf((await logInThrough(...plugins)).answer as never)).toBe('terms_unsigned')
  })

  it.each<[string, LoginHooks]>([
    ['before it', { beforeLogin: () => Promise.reject(new Error('secret detail')) }],
    [
      'at once, without a promise',
      {
        beforeLogin: () => {
          throw new Error('secret detail')
        },
      },
    ],
    ['after it', { afterLogin: () => Promise.reject(new Error('secret detail')) }],
  ])('that throws %s lets nobody in, as a malfunction', async (_, hooks) => {
    const { answer } = await logInThrough(plugin('one', hooks))
    expect(answer).toBeInstanceOf(PortcullisError)
    expect((answer as PortcullisError).code).toBe('plugin_unavailable')
  })

  it('that never answers is a malfunction after its deadline', async () => {
    const hangs = () => new Promise<never>(() => {})
    const hooks = loginHooksOf(
      [
        {
          plugin: plugin('one', {}),
          started: { logins: { beforeLogin: hangs, afterLogin: hangs, knowsAccount: hangs } },
        },
      ],
      20,
    )
    const late = { code: 'plugin_unavailable', message: expect.stringContaining('20 ms') }
    await expect(hooks.beforeLogin({} as never)).rejects.toMatchObject(late)
    await expect(hooks.afterLogin({} as never)).rejects.toMatchObject(late)
    await expect(hooks.knowsAccount(ACCOUNT)).rejects.toMatchObject(late)
  })
})

describe('a hook after a login', () => {
  it('knows the session and when the login began, and a refusal ends the session again', async () => {
    const told: StoredLogin[] = []
    const afterLogin = async (login: StoredLogin) => {
      told.push(login)
      return TERMS
    }
    const { answer, live, refused, clock } = await logInThrough(plugin('terms', { afterLogin }))
    expect(refusalOf(answer as never)).toBe('terms_unsigned')
    expect(told).toMatchObject([
      {
        account: ACCOUNT,
        subject: 'subject',
        providerSessionId: 'sid',
        groups: ['staff'],
        beganAt: clock.now,
      },
    ])
    expect(await live()).toBe(0)
    expect(await refused()).toMatchObject({ code: 'terms_unsigned', reason: TERMS.reason })
  })
})

it('a refused login is audited of an account that a plugin knows, with the reason that the plugin gave', async () => {
  const beforeLogin = async () => TERMS
  const known = await logInThrough(plugin('one', { beforeLogin, knowsAccount: async () => true }))
  expect(await known.refused()).toEqual({ code: 'terms_unsigned', reason: TERMS.reason })
  const stranger = await logInThrough(plugin('one', { beforeLogin, knowsAccount: async () => false }))
  expect(await stranger.refused()).toBeUndefined()
})

describe('grants of plugins', () => {
  const running = (grants: TokenGrants) => ({ plugin: plugin('any', {}), started: { grants } })
  const grant = { partition: 'p', id: 'g' }

  it('have ended where any plugin says so, and each ends its own', async () => {
    const ended: string[] = []
    const keep = (name: string, wasEnded: boolean): TokenGrants => ({
      wasEnded: async () => wasEnded,
      endAll: async (account) => void ended.push(`${name} ${account}`),
    })
    const both = grantsOf([running(keep('one', false)), running(keep('two', true))])
    expect(await both.wasEnded(grant)).toBe(true)
    await both.endAll(ACCOUNT)
    expect(ended).toEqual([`one ${ACCOUNT}`, `two ${ACCOUNT}`])
    expect(await grantsOf([running(keep('one', false))]).wasEnded(grant)).toBe(false)
  })

  it('of a plugin that fails or hangs are a malfunction, never an answer', async () => {
    const fails = running({
      wasEnded: () => Promise.reject(new Error('x')),
      endAll: () => Promise.reject(new Error('x')),
    })
    const hangs = running({ wasEnded: () => new Promise(() => {}), endAll: async () => {} })
    const code = { code: 'plugin_unavailable' }
    await expect(grantsOf([fails]).wasEnded(grant)).rejects.toMatchObject(code)
    await expect(grantsOf([fails]).endAll(ACCOUNT)).rejects.toMatchObject(code)
    await expect(grantsOf([hangs], 20).wasEnded(grant)).rejects.toMatchObject(code)
  })
})
