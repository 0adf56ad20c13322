import { readFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CookieJar, runGateway } from './gateway-fixture.js'
import { type Manner, startProvider } from './provider-fixture.js'

const PAGE = await readFile(new URL('../../../docs/identity-providers.md', import.meta.url), 'utf8')

type Settings = Readonly<Record<string, string>>

/** The settings that the documentation gives for a provider. */
function documented(heading: string, block = 0): Settings {
  const section = PAGE.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? ''
  const text = [...section.matchAll(/```env\n(.*?)```/gs)][block]?.[1] ?? ''
  const entries = text
    .trim()
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
  return Object.fromEntries(entries)
}

function without(settings: Settings, ...names: string[]): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !names.includes(name)))
}

/** The gateway with these settings, at a provider of this manner in the place of the documented one. */
async function stage(manner: Manner, settings: Settings, registered: Settings = settings) {
  const { OIDC_CLIENT_ID: id = '', OIDC_CLIENT_SECRET: secret = '' } = registered
  const provider = await startProvider(manner, { id, secret })
  onTestFinished(() => provider.close())
  const { OIDC_ISSUER: issuer = '' } = settings
  const gateway = await runGateway({ ...settings, OIDC_ISSUER: provider.origin + new URL(issuer).pathname })
  onTestFinished(() => gateway.stop())
  const jar = new CookieJar()
  const browse = async (at: string) => {
    const headers = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    let url = gateway.url + at
    let response = await jar.fetch(url, { headers })
    for (let hop = 0; hop < 6 && response.status === 302; hop++) {
      url = new URL(response.headers.get('location') ?? '', url).href
      response = await jar.fetch(url, { headers })
    }
    return response
  }
  const lines = () =>
    gateway
      .logged()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; code?: string; msg: string })
  return {
    gateway,
    jar,
    lines,
    /** Answers who is logged in, or the page that says why nobody is. */
    async logIn() {
      const landed = await browse('/oauth2/start?rd=/health')
      if (!landed.ok) return landed
      return jar.fetch(`${gateway.url}/oauth2/userinfo`, { headers: { 'sec-fetch-site': 'same-origin' } })
    },
    /** The line that says why nobody was let in. */
    reason: () => lines().find(({ code }) => code === 'login_refused' || code === 'provider_misconfigured'),
  }
}

const ENTRA: Manner = {
  path: '/TENANT-ID/v2.0',
  metadata: {
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    authorization_response_iss_parameter_supported: false,
  },
  claims: {
    sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
    oid: '00000000-0000-0000-66f3-3332eca7ea81',
    tid: 'TENANT-ID',
    name: 'Ann Example',
    preferred_username: 'Ann@example.com',
    groups: ['GROUP-OBJECT-ID'],
    ver: '2.0',
  },
  wrongSecret: {
    body: {
      error: 'invalid_client',
      error_description:
        'AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the value.',
      error_codes: [7000215],
    },
  },
}

const KEYCLOAK: Manner = {
  path: '/realms/REALM',
  metadata: { authorization_response_iss_parameter_supported: false },
  claims: {
    sub: '8d4b1a0e-2f0a-4c11-9f0e-6f4a0d3c7a55',
    typ: 'ID',
    sid: 'b9c1',
    acr: '1',
    email: 'ann@example.com',
    email_verified: true,
    preferred_username: 'ann',
    groups: ['/team/a', '/team/b'],
  },
  wrongSecret: {
    body: { error: 'unauthorized_client', error_description: 'Invalid client or Invalid client credentials' },
  },
}

const DEX: Manner = {
  path: '/dex',
  claims: {
    sub: 'CgcyMzQyNzQ5EgZnaXRodWI',
    at_hash: 'x',
    email: 'ann@example.com',
    email_verified: true,
    groups: ['ORGANIZATION:TEAM'],
    name: 'Ann Example',
    preferred_username: 'ann',
    federated_claims: { connector_id: 'github', user_id: '2342749' },
  },
  wrongSecret: { body: { error: 'invalid_client' }, headers: { 'www-authenticate': 'Basic realm="dex"' } },
}

const ADMIN = { email: 'ann@example.com', role: 'admin' }

describe('a provider in the manner of Entra ID', () => {
  const settings = documented('Microsoft Entra ID')

  it('logs in with the documented settings, groups as object ids', async () => {
    const { logIn } = await stage(ENTRA, settings)
    const response = await logIn()
    expect([response.status, await response.json()]).toEqual([200, expect.objectContaining(ADMIN)])
  })

  it('does not without them, and the log names the claims that came and the settings', async () => {
    const { logIn, reason } = await stage(
      ENTRA,
      without(settings, 'OIDC_EMAIL_CLAIM', 'OIDC_EMAIL_VERIFICATION'),
    )
    const response = await logIn()
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining('login_email_missing'),
    ])
    expect(reason()).toMatchObject({ level: 'warn' })
    expect(reason()?.msg).toMatch(/no address in the claim email, but the claims .*preferred_username/)
    expect(reason()?.msg).toContain('(settings: OIDC_EMAIL_CLAIM, OIDC_SCOPES)')
    expect(reason()?.msg).not.toMatch(/Ann|66f3/)
  })

  it('with an address in email that nobody has verified asks for the setting that trusts it', async () => {
    const manner = { ...ENTRA, claims: { ...ENTRA.claims, email: 'ann@example.com' } }
    const { logIn, reason } = await stage(
      manner,
      without(settings, 'OIDC_EMAIL_CLAIM', 'OIDC_EMAIL_VERIFICATION'),
    )
    expect(await (await logIn()).text()).toContain('email_unverified')
    expect(reason()?.msg).toMatch(/sends no email_verified .*OIDC_EMAIL_VERIFICATION/)
  })

  it('that withholds groups because they are too many gives no role for that', async () => {
    const { groups: _, ...claims } = ENTRA.claims
    const elsewhere = {
      _claim_names: { groups: 'src1' },
      _claim_sources: { src1: { endpoint: 'https://x.test' } },
    }
    const manner = { ...ENTRA, claims: { ...claims, ...elsewhere } }
    const { logIn, reason } = await stage(manner, settings)
    expect((await logIn()).status).toBe(500)
    expect(reason()?.msg).toMatch(/did not send the groups .*ROLE_BY_GROUP/)
    const { logIn: logInWithoutRoles, lines } = await stage(manner, without(settings, 'ROLE_BY_GROUP'))
    expect(await (await logInWithoutRoles()).json()).toMatchObject({ role: 'user', groups: [] })
    expect(lines()).toContainEqual(expect.objectContaining({ level: 'warn', code: 'groups_withheld' }))
  })
})

describe('a provider in the manner of Keycloak', () => {
  it('logs in with the documented settings, groups as paths', async () => {
    const { logIn } = await stage(KEYCLOAK, documented('Keycloak'))
    expect(await (await logIn()).json()).toMatchObject({ ...ADMIN, groups: ['/team/a', '/team/b'] })
  })

  it('that calls the address unverified does not, and says what to do; with the documented setting it does', async () => {
    const claims = { ...without(KEYCLOAK.claims as Settings, 'groups'), email_verified: false }
    const roles = { realm_access: { roles: ['offline_access', 'gateway-admin'] } }
    const manner = { ...KEYCLOAK, path: '/realms/ROLES', claims: { ...claims, ...roles } }
    const settings = documented('Keycloak', 1)
    const { logIn, reason } = await stage(manner, without(settings, 'OIDC_EMAIL_VERIFICATION'))
    const response = await logIn()
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining('Verify it there'),
    ])
    expect(reason()?.msg).toMatch(/not verified \(email_verified\).*OIDC_EMAIL_VERIFICATION/)
    const { logIn: logInTrusting } = await stage(manner, settings)
    expect(await (await logInTrusting()).json()).toMatchObject(ADMIN)
  })
})

describe('a provider in the manner of Dex', () => {
  it('logs in with the documented settings, and out to a page that says so', async () => {
    const { logIn, jar, gateway } = await stage(DEX, documented('Dex'))
    expect(await (await logIn()).json()).toMatchObject(ADMIN)
    const headers = { 'sec-fetch-site': 'same-origin', accept: 'text/html' }
    const left = await jar.fetch(`${gateway.url}/oauth2/sign_out`, { method: 'POST', headers })
    expect([left.status, await left.text()]).toEqual([200, expect.stringContaining('Signed out')])
  })

  it('whose connector verifies no address is refused with the reason', async () => {
    const manner = { ...DEX, claims: { ...DEX.claims, email_verified: false } }
    const { logIn, reason } = await stage(manner, documented('Dex'))
    expect((await logIn()).status).toBe(403)
    expect(reason()?.msg).toContain('not verified (email_verified)')
  })
})

describe('GitHub itself', () => {
  it('logs nobody in, and the log says that it is no OpenID Connect provider', async () => {
    const settings = { ...documented('Dex'), OIDC_ISSUER: 'https://github.com' }
    const { logIn, reason } = await stage({ path: '', claims: {}, isOAuthAlone: true }, settings)
    const response = await logIn()
    expect([response.status, await response.text()]).toEqual([
      500,
      expect.stringContaining('provider_misconfigured'),
    ])
    expect(reason()?.msg).toMatch(/status 404 .*no OpenID Connect provider \(settings: OIDC_ISSUER\)/)
  })
})

describe('a wrong client secret', () => {
  it.each<[string, Manner, Settings, string]>([
    ['Entra ID', ENTRA, documented('Microsoft Entra ID'), 'AADSTS7000215'],
    ['Keycloak', KEYCLOAK, documented('Keycloak'), 'unauthorized_client'],
    ['Dex', DEX, documented('Dex'), 'invalid_client'],
  ])(
    'is said to the operator of %s, and the person sees whose fault it is',
    async (_, manner, settings, said) => {
      const wrong = { ...settings, OIDC_CLIENT_SECRET: 'a secret of yesterday' }
      const { logIn, reason, gateway } = await stage(manner, wrong, settings)
      const response = await logIn()
      const page = await response.text()
      expect(response.status).toBe(500)
      expect(page).toMatch(/configuration for its identity provider is at fault. Tell your administrator/)
      expect(page).toContain('provider_misconfigured')
      expect(page).not.toMatch(/Start again|Log in again/)
      expect(reason()).toMatchObject({ level: 'error' })
      expect(reason()?.msg).toContain(said)
      expect(reason()?.msg).toContain('(settings: OIDC_CLIENT_SECRET, OIDC_CLIENT_ID)')
      expect(gateway.logged()).not.toContain('a secret of yesterday')
    },
  )
})

describe('the documentation', () => {
  it('has a block for each provider', () => {
    for (const heading of ['Microsoft Entra ID', 'Keycloak', 'Dex'])
      expect(documented(heading).OIDC_ISSUER).toMatch(/^https:/)
  })
})
