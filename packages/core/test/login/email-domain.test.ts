import { describe, expect, it } from 'vitest'
import { refuseEmailDomain } from '../../src/login/email-domain.js'
import type { ProviderLogin } from '../../src/login/identity-provider.js'
import { gateFixture } from '../gate/gate-fixture.js'
import { httpFixture } from '../http/http-fixture.js'

describe('allowed e-mail domains', () => {
  it.each([
    ['user@example.com', true],
    ['user@partner.example', true],
    ['user@evil-example.com', false],
    ['user@example.com.evil', false],
    ['user@sub.example.com', false],
    ['user@example.com.', false],
    ['user@example.co', false],
    ['example.com@evil.test', false],
    ['user@example。com', false],
  ])('%s: %s', async (email, isAllowed) => {
    const { context } = await gateFixture({ allowedEmailDomains: ['Example.com', ' partner.example '] })
    expect(refuseEmailDomain(context.options, email) === undefined).toBe(isAllowed)
  })

  it('are all of them by default', async () => {
    const { context } = await gateFixture()
    expect(refuseEmailDomain(context.options, 'user@anywhere.test')).toBeUndefined()
  })

  it.each([
    [[]],
    [['@example.com']],
    [['*.example.com']],
    [['.example.com']],
    [['']],
    [['user@example.com']],
  ])('are refused as %j', async (allowedEmailDomains) => {
    await expect(gateFixture({ allowedEmailDomains })).rejects.toMatchObject({
      code: 'configuration_invalid',
      problems: [expect.stringMatching(/^allowedEmailDomains: /)],
    })
  })

  it.each([
    ['User@EXAMPLE.com', 302],
    ['user@evil-example.com', 403],
  ])('decide on a login of %s', async (email, status) => {
    const login: ProviderLogin = {
      issuer: 'https://idp.test',
      subject: 's',
      email,
      emailVerified: true,
      groups: [],
      idToken: 't',
    }
    const { call } = await httpFixture({
      allowedEmailDomains: ['example.com'],
      identityProvider: {
        issuer: login.issuer,
        begin: async ({ state }) => new URL(`https://idp.test/?state=${state}`),
        complete: async () => login,
        logoutUrl: async () => undefined,
        ready: async () => true,
      },
    })
    const begun = await call('GET', '/oauth2/start')
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? ''
    const [cookie = ''] = begun.headers.getSetCookie().map((text) => text.split(';')[0])
    const query = new URLSearchParams({ code: 'c', state })
    const answer = await call('GET', `/oauth2/callback?${query}`, { headers: { cookie } })
    expect(answer.status).toBe(status)
    if (status === 403) expect(await answer.json()).toMatchObject({ code: 'email_domain_refused' })
  })
})
