import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { externalTokens } from '../../src/external-tokens/plugin.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import {
  AUDIENCE,
  goodClaims,
  json,
  signed,
  type TestKey,
  testKey,
} from '../external-tokens/issuer-fixture.js'
import { actingAs, must } from '../gate/gate-fixture.js'
import { SCIM_SECRET, shippedPlugins } from '../gate/shipped-plugins.js'
import { startFamilyOf } from '../oauth/oauth-fixture.js'
import { apiKeyOf, type HttpFixture, httpFixture, MASTER_KEY, sessionOf, tokenOf } from './http-fixture.js'

export const EVERY_SCOPE = ['api', 'tokens:write', 'admin']
export const USER = 'user@example.com'
const GUEST = 'guest@example.com'
export const ADMIN = 'admin@example.com'
export const ROOT = 'root@example.com'

let issuer: Server
let key: TestKey

/** The trusted issuer of every gate of a test file. */
export function startIssuer() {
  beforeAll(async () => {
    key = await testKey('matrix')
    issuer = createServer((_req, res) => json(res, { keys: [key.jwk] })).listen(0, '127.0.0.1')
    await once(issuer, 'listening')
  })
  afterAll(() => {
    issuer.closeAllConnections()
    issuer.close()
  })
}

const issuerUrl = () => `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`

/** A gate that takes credentials of every kind. */
export const open = () =>
  httpFixture({
    plugins: [
      ...shippedPlugins(),
      externalTokens([{ issuer: issuerUrl(), audience: AUDIENCE, jwksUri: `${issuerUrl()}/keys` }]),
    ],
    roleByGroup: { guests: 'viewer', platform: 'admin' },
  })

export type Headers = Record<string, string>

async function externalTokenOf(role: string, email = USER): Promise<Headers> {
  const claims = { ...goodClaims(issuerUrl()), email, role, scope: EVERY_SCOPE.join(' ') }
  return { authorization: `Bearer ${await signed(key, claims)}` }
}

async function refreshTokenOf({ context }: HttpFixture, account: string): Promise<Headers> {
  return { authorization: `Bearer ${(await startFamilyOf(context, account)).refreshToken}` }
}

/** The login that made an account a viewer; what programs hold in its name only reads from then on. */
async function asGuest(fixture: HttpFixture, headers: Promise<Headers>): Promise<Headers> {
  const made = await headers
  await sessionOf(fixture.context, GUEST, ['guests'])
  return made
}

async function banned(
  { context }: HttpFixture,
  account: string,
  headers: Promise<Headers>,
): Promise<Headers> {
  const made = await headers
  must(await banAccount(context, { account, by: actingAs(ROOT) }))
  return made
}

/** By kind of access, the refusal; what is not named is open. */
type Refusals = Readonly<Record<string, string>>

const FORBIDDEN = '403 role_insufficient'
const WRONG_KIND = '403 credential_kind_refused'
const SCOPE = '403 scope_insufficient'
/** RFC 7644 §3.12 knows no codes. */
const NO_DIRECTORY = '401'

const all = (refusal: string): Refusals => ({
  scim: NO_DIRECTORY,
  identified: refusal,
  person: refusal,
  bearer: refusal,
  account: refusal,
  admin: refusal,
  super_admin: refusal,
})
const withoutScim = ({ scim: _scim, ...others }: Refusals): Refusals => others
const SESSION: Refusals = { scim: NO_DIRECTORY, bearer: WRONG_KIND }
const TOKEN: Refusals = { scim: NO_DIRECTORY, person: WRONG_KIND }
const API_KEY: Refusals = { ...TOKEN, bearer: WRONG_KIND }
const EXTERNAL: Refusals = { ...API_KEY, account: WRONG_KIND }
const NO_ADMIN: Refusals = { admin: FORBIDDEN, super_admin: FORBIDDEN }
const NO_SUPER_ADMIN: Refusals = { super_admin: FORBIDDEN }

export interface Caller {
  readonly headers: (fixture: HttpFixture) => Promise<Headers>
  readonly refusals: Refusals
  /** Of routes that change something, where that differs. */
  readonly onWriting?: Refusals
  /** RFC 7662 §2.1: an administrator with the scope for it, by bearer. */
  readonly mayIntrospect?: true
}

const READS_ONLY: Refusals = { identified: FORBIDDEN, person: FORBIDDEN, account: FORBIDDEN }

/** Every kind of credential in the hands of every role. */
export const CALLERS: Record<string, Caller> = {
  nobody: { headers: async () => ({}), refusals: all('401 credentials_missing') },

  'a viewer with a session': {
    headers: ({ context }) => sessionOf(context, GUEST, ['guests']),
    refusals: { ...SESSION, ...NO_ADMIN },
    onWriting: { ...SESSION, ...NO_ADMIN, ...READS_ONLY },
  },
  'a user with a session': {
    headers: ({ context }) => sessionOf(context, USER),
    refusals: { ...SESSION, ...NO_ADMIN },
  },
  'an admin with a session': {
    headers: ({ context }) => sessionOf(context, ADMIN),
    refusals: { ...SESSION, ...NO_SUPER_ADMIN },
  },
  'an admin by group with a session': {
    headers: ({ context }) => sessionOf(context, USER, ['platform']),
    refusals: { ...SESSION, ...NO_SUPER_ADMIN },
  },
  'a super admin with a session': { headers: ({ context }) => sessionOf(context, ROOT), refusals: SESSION },

  'a viewer with a token of every scope': {
    headers: (fixture) => asGuest(fixture, tokenOf(fixture.context, GUEST, EVERY_SCOPE)),
    refusals: { ...TOKEN, ...NO_ADMIN },
    onWriting: { ...TOKEN, ...NO_ADMIN, identified: FORBIDDEN, account: FORBIDDEN, bearer: FORBIDDEN },
  },
  'a user with a token of every scope': {
    headers: ({ context }) => tokenOf(context, USER, EVERY_SCOPE),
    refusals: { ...TOKEN, ...NO_ADMIN },
  },
  'an admin by group with a token of every scope': {
    headers: async ({ context }) => {
      await sessionOf(context, USER, ['platform'])
      return tokenOf(context, USER, EVERY_SCOPE)
    },
    refusals: { ...TOKEN, ...NO_ADMIN },
  },
  'an admin with a token of every scope': {
    mayIntrospect: true,
    headers: ({ context }) => tokenOf(context, ADMIN, EVERY_SCOPE),
    refusals: { ...TOKEN, ...NO_SUPER_ADMIN },
  },
  'a super admin with a token of every scope': {
    mayIntrospect: true,
    headers: ({ context }) => tokenOf(context, ROOT, EVERY_SCOPE),
    refusals: TOKEN,
  },
  'a super admin with a token of scope api alone': {
    headers: ({ context }) => tokenOf(context, ROOT, ['api']),
    refusals: { ...TOKEN, account: SCOPE, admin: SCOPE, super_admin: SCOPE },
  },
  'a super admin with a token of scope tokens:write alone': {
    headers: ({ context }) => tokenOf(context, ROOT, ['tokens:write']),
    refusals: { ...TOKEN, identified: SCOPE, admin: SCOPE, super_admin: SCOPE },
  },
  'a super admin with a token of scope admin alone': {
    mayIntrospect: true,
    headers: ({ context }) => tokenOf(context, ROOT, ['admin']),
    refusals: { ...TOKEN, identified: SCOPE, account: SCOPE },
  },

  'a viewer with an API key of every scope': {
    headers: (fixture) => asGuest(fixture, apiKeyOf(fixture.context, GUEST, EVERY_SCOPE)),
    refusals: { ...API_KEY, ...NO_ADMIN },
    onWriting: { ...API_KEY, ...NO_ADMIN, identified: FORBIDDEN, account: FORBIDDEN },
  },
  'a user with an API key of every scope': {
    headers: ({ context }) => apiKeyOf(context, USER, EVERY_SCOPE),
    refusals: { ...API_KEY, ...NO_ADMIN },
  },
  'an admin with an API key of every scope': {
    headers: ({ context }) => apiKeyOf(context, ADMIN, EVERY_SCOPE),
    refusals: { ...API_KEY, ...NO_SUPER_ADMIN },
  },
  'a super admin with an API key of every scope': {
    headers: ({ context }) => apiKeyOf(context, ROOT, EVERY_SCOPE),
    refusals: API_KEY,
  },
  'a super admin with an API key of scope api alone': {
    headers: ({ context }) => apiKeyOf(context, ROOT, ['api']),
    refusals: { ...API_KEY, account: SCOPE, admin: SCOPE, super_admin: SCOPE },
  },

  'a viewer of a trusted issuer': {
    headers: () => externalTokenOf('viewer'),
    refusals: { ...EXTERNAL, ...NO_ADMIN },
    onWriting: { ...EXTERNAL, ...NO_ADMIN, identified: FORBIDDEN },
  },
  ...Object.fromEntries(
    ['user', 'team', 'customer'].map((role) => [
      `a ${role} of a trusted issuer`,
      { headers: () => externalTokenOf(role), refusals: { ...EXTERNAL, ...NO_ADMIN } },
    ]),
  ),
  'an admin of a trusted issuer': {
    mayIntrospect: true,
    headers: () => externalTokenOf('admin'),
    refusals: { ...EXTERNAL, ...NO_SUPER_ADMIN },
  },
  'a user of a trusted issuer with the address of a super admin': {
    headers: () => externalTokenOf('user', ROOT),
    refusals: { ...EXTERNAL, ...NO_ADMIN },
  },
  'an admin of a trusted issuer with the address of a super admin': {
    mayIntrospect: true,
    headers: () => externalTokenOf('admin', ROOT),
    refusals: { ...EXTERNAL, ...NO_SUPER_ADMIN },
  },
  'a super admin by the word of a trusted issuer': {
    headers: () => externalTokenOf('super_admin', ROOT),
    refusals: { ...EXTERNAL, ...NO_ADMIN },
  },

  'the master key': {
    mayIntrospect: true,
    headers: async () => ({ authorization: `Bearer ${MASTER_KEY}` }),
    refusals: { ...EXTERNAL, identified: SCOPE },
  },
  'the master key in x-api-key': {
    headers: async () => ({ 'x-api-key': MASTER_KEY }),
    refusals: { ...EXTERNAL, identified: SCOPE },
  },

  'a user who presents a refresh token': {
    headers: (fixture) => refreshTokenOf(fixture, USER),
    refusals: all('401 token_invalid'),
  },
  'a super admin who presents a refresh token': {
    headers: (fixture) => refreshTokenOf(fixture, ROOT),
    refusals: all('401 token_invalid'),
  },
  'the directory': {
    headers: async () => ({ authorization: `Bearer ${SCIM_SECRET}` }),
    refusals: withoutScim(all('401 token_malformed')),
  },

  'a banned user with a session': {
    headers: (fixture) => banned(fixture, USER, sessionOf(fixture.context, USER)),
    refusals: all('403 account_banned'),
  },
  'a banned admin with a token of every scope': {
    headers: (fixture) => banned(fixture, ADMIN, tokenOf(fixture.context, ADMIN, EVERY_SCOPE)),
    refusals: all('403 account_banned'),
  },
  'a banned admin with an API key of every scope': {
    headers: (fixture) => banned(fixture, ADMIN, apiKeyOf(fixture.context, ADMIN, EVERY_SCOPE)),
    refusals: all('403 account_banned'),
  },
  'a banned admin of a trusted issuer': {
    headers: (fixture) => banned(fixture, USER, externalTokenOf('admin')),
    refusals: all('403 account_banned'),
  },
  'a user with a revoked API key': {
    headers: async ({ context }) => {
      const headers = await apiKeyOf(context, USER, EVERY_SCOPE)
      must(await revokeAllTokens(context, { account: USER, by: actingAs(ROOT) }))
      return headers
    },
    refusals: all('401 api_key_invalid'),
  },
  'a user with a revoked token': {
    headers: async ({ context }) => {
      const headers = await tokenOf(context, USER, EVERY_SCOPE)
      must(await revokeAllTokens(context, { account: USER, by: actingAs(ROOT) }))
      return headers
    },
    refusals: all('401 token_revoked'),
  },
}

/** Status, and the code or OAuth error where there is one. */
export async function answerOf(response: Response): Promise<string> {
  const text = response.status >= 400 ? await response.text() : ''
  if (!text.startsWith('{')) return String(response.status)
  const { code, error } = JSON.parse(text) as { code?: string; error?: string }
  return [response.status, code ?? error].filter((part) => part !== undefined).join(' ')
}
