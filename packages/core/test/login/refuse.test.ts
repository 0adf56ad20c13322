import { describe, expect, it } from 'vitest'
import { listAudit } from '../../src/audit/list.js'
import { beginLogin } from '../../src/login/begin.js'
import { completeLogin } from '../../src/login/complete.js'
import { type IdentityProvider, LoginRefused, type ProviderLogin } from '../../src/login/identity-provider.js'
import { memoryStore } from '../../src/store/memory.js'
import { gateFixture, must, refusalOf, TestClock, withFaults } from '../gate/gate-fixture.js'

const LOGIN: ProviderLogin = {
  issuer: 'https://idp.test',
  subject: 'subject',
  email: 'user@example.com',
  emailVerified: true,
  groups: [],
  idToken: 'id-token',
}

/** A gate whose every commit is kept, in front of a provider that the test answers for. */
async function stage() {
  const clock = new TestClock()
  const inner = memoryStore({ clock: clock.read })
  const written: string[] = []
  const store = withFaults(inner, {
    commit(partition, batch) {
      written.push(partition)
      return inner.commit(partition, batch)
    },
  })
  const provider = { answer: LOGIN as ProviderLogin | Error, asked: 0 }
  const identityProvider: IdentityProvider = {
    issuer: LOGIN.issuer,
    begin: async ({ state }) => new URL(`https://idp.test/auth?state=${state}`),
    async complete() {
      provider.asked += 1
      if (provider.answer instanceof Error) throw provider.answer
      return provider.answer
    },
    logoutUrl: async () => undefined,
    ready: async () => true,
  }
  const fixture = await gateFixture({
    store,
    identityProvider,
    clock: clock.read,
    allowedEmailDomains: ['example.com'],
  })
  const begin = async () => {
    const { location, setCookie } = must(
      await beginLogin(fixture.context, { returnTo: '/', browser: undefined }),
    )
    const state = new URL(location).searchParams.get('state') ?? ''
    const browser = setCookie.split(';')[0]?.split('=')[1] ?? ''
    return { callback: new URL(`https://gate.test/oauth2/callback?code=c&state=${state}`), browser }
  }
  return { ...fixture, provider, written, begin }
}

describe('what nobody identified has done', () => {
  it.each(['', 'x', 'a'.repeat(4000)])('with the state %# leaves no record', async (state) => {
    const { context, written } = await stage()
    const callback = new URL(`https://gate.test/oauth2/callback?state=${state}`)
    expect(refusalOf(await completeLogin(context, { callback, browser: undefined }))).toBe('login_refused')
    expect(written).toEqual([])
  })

  it.each<[string, ProviderLogin | Error, string]>([
    ['an answer that the provider does not accept', new LoginRefused('no code'), 'login_refused'],
    ['no e-mail address', { ...LOGIN, email: 'nobody' }, 'login_email_missing'],
    ['an unverified stranger', { ...LOGIN, emailVerified: false }, 'email_unverified'],
    ['a stranger of another domain', { ...LOGIN, email: 'x@elsewhere.example' }, 'email_domain_refused'],
  ])('leaves no record: %s', async (_, answer, code) => {
    const { context, provider, written, begin } = await stage()
    provider.answer = answer
    expect(refusalOf(await completeLogin(context, await begin()))).toBe(code)
    expect(written).toEqual([])
  })

  it('is one line in the log and a count, however many come', async () => {
    const { context, events } = await stage()
    const callback = new URL('https://gate.test/oauth2/callback?state=x')
    for (let index = 0; index < 500; index++) await completeLogin(context, { callback, browser: undefined })
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({ level: 'warn', code: 'login_refused' })
    context.strangers.close()
    expect(events[1]).toMatchObject({ code: 'login_refused', count: 499 })
    expect(events).toHaveLength(2)
  })

  it('hides no reason of somebody whom the provider named, whoever else is refused in that second', async () => {
    const { context, events, provider, begin } = await stage()
    const callback = new URL('https://gate.test/oauth2/callback?state=x')
    await completeLogin(context, { callback, browser: undefined })
    const addressProblem = { reason: 'no address in the claim email', options: ['emailClaim'] }
    const { email: _email, ...unnamed } = LOGIN
    for (const answer of [
      { ...unnamed, addressProblem },
      { ...LOGIN, emailVerified: false },
    ]) {
      provider.answer = answer
      await completeLogin(context, await begin())
    }
    expect(events.map(({ detail, options }) => [detail, options])).toEqual([
      [expect.stringContaining('the state is unknown'), undefined],
      [
        'A login of the subject subject was refused (login_email_missing): no address in the claim email',
        ['emailClaim'],
      ],
      [expect.stringContaining('of user@example.com was refused (email_unverified)'), undefined],
    ])
  })

  it('hides nothing that the provider answers, however many states are made up in that second', async () => {
    const { context, events, provider, begin } = await stage()
    for (let index = 0; index < 100; index++)
      await completeLogin(context, {
        callback: new URL('https://gate.test/oauth2/callback?code=x&state=y'),
        browser: undefined,
      })
    for (let index = 0; index < 20; index++) {
      provider.answer = new LoginRefused(`the provider sent the browser back with ${index}`)
      const { callback, browser } = await begin()
      callback.searchParams.delete('code')
      await completeLogin(context, { callback, browser })
    }
    const answers = ['the token endpoint answered invalid_grant', 'the nonce is another']
    for (const answer of answers) {
      provider.answer = new LoginRefused(answer)
      await completeLogin(context, await begin())
    }
    const told = events.map(({ detail }) => detail)
    for (const answer of answers) expect(told).toContainEqual(expect.stringContaining(answer))
    expect(told.length).toBeLessThan(20)
  })

  it('says the reason of the provider’s answer, and nothing of what a library had in hand', async () => {
    const { context, events, provider, begin } = await stage()
    provider.answer = new LoginRefused('the nonce is another')
    expect(refusalOf(await completeLogin(context, await begin()))).toBe('login_refused')
    expect(events).toEqual([
      {
        level: 'warn',
        code: 'login_refused',
        detail: 'A login of nobody that is known was refused (login_refused): the nonce is another',
      },
    ])
  })

  it('is audited when it is about an account that is known here', async () => {
    const { context, provider, begin } = await stage()
    must(await completeLogin(context, await begin()))
    provider.answer = { ...LOGIN, emailVerified: false }
    expect(refusalOf(await completeLogin(context, await begin()))).toBe('email_unverified')
    const { items } = await listAudit(context, { limit: 1 })
    expect(items[0]).toMatchObject({ action: 'session.refused', subject: LOGIN.email })
  })
})

describe('a state', () => {
  it('that comes back twice to one process asks the provider once, and stores nothing for the second', async () => {
    const { context, provider, written, begin } = await stage()
    const answer = await begin()
    const both = [completeLogin(context, answer), completeLogin(context, answer)]
    expect((await Promise.all(both)).map(refusalOf)).toEqual([undefined, 'login_refused'])
    const before = written.length
    expect(refusalOf(await completeLogin(context, answer))).toBe('login_refused')
    expect(provider.asked).toBe(1)
    expect(written).toHaveLength(before)
  })

  it('that comes back to two processes at once starts one session', async () => {
    const first = await stage()
    const second = await gateFixture(first.options)
    const answer = await first.begin()
    const both = await Promise.all([
      completeLogin(first.context, answer),
      completeLogin(second.context, answer),
    ])
    expect(first.provider.asked).toBe(2)
    expect(both.map(refusalOf).sort()).toEqual(['login_refused', undefined])
    const { items } = await listAudit(first.context, { limit: 10, action: 'session.start' })
    expect(items).toHaveLength(1)
  })

  it('may be tried again when the provider was out of reach', async () => {
    const { context, provider, begin } = await stage()
    const answer = await begin()
    provider.answer = new Error('out of reach')
    await expect(completeLogin(context, answer)).rejects.toThrow('out of reach')
    provider.answer = LOGIN
    must(await completeLogin(context, answer))
  })
})
