import { describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { createApiKey } from '../../src/api-keys/create.js'
import { apiKeys } from '../../src/api-keys/plugin.js'
import { identify } from '../../src/authentication/authenticate.js'
import type { Identity } from '../../src/authentication/identity.js'
import { fateOf, type Issued, type JudgeContext } from '../../src/authentication/judge.js'
import { stillAllowed } from '../../src/authentication/still-allowed.js'
import type { GateContext } from '../../src/context/context.js'
import { externalTokens } from '../../src/external-tokens/plugin.js'
import { revokeExternalToken } from '../../src/external-tokens/revoke.js'
import { oauth } from '../../src/oauth/plugin.js'
import { refreshTokens } from '../../src/oauth/refresh.js'
import { revokeRefreshToken } from '../../src/oauth/revoke-family.js'
import { changeStanding } from '../../src/standing/change.js'
import { type Standing, withoutSessions, withoutTokens } from '../../src/standing/standing.js'
import { memoryStore } from '../../src/store/memory.js'
import { issueToken } from '../../src/tokens/issue.js'
import { revokeToken } from '../../src/tokens/revoke.js'
import { AUDIENCE, goodClaims, issuerServer, signed, testKey } from '../external-tokens/issuer-fixture.js'
import {
  actingAs,
  apiKeysOf,
  contextOfPlugin,
  gateFixture,
  must,
  PROGRAM,
  refusalOf,
  TestClock,
  withFaults,
} from '../gate/gate-fixture.js'
import { sessionOf } from '../http/http-fixture.js'
import { startFamilyOf } from '../oauth/oauth-fixture.js'
import {
  CERTIFICATE_HEADER,
  certificateKind,
  certificateOf,
  REVOKED_CERTIFICATES,
} from './certificate-kind.fixture.js'

const USER = 'ann@example.com'
const NOW = Date.UTC(2026, 0, 1)
const BAN = { at: NOW, until: NOW + 3_600_000, by: 'root@example.com', reason: '', keepTokens: true }

/** What has happened to an account and to something that was issued to it, first what is asked first. */
const ORDER: readonly [
  fate: string,
  standing: Partial<Standing>,
  issued: Partial<Issued>,
  lostAt?: number,
][] = [
  ['banned', { ban: BAN }, {}],
  ['deactivated', { deactivatedAt: NOW }, {}],
  ['lost', {}, {}, NOW],
  ['absent', {}, { isAbsent: true }],
  ['ended', {}, { isEnded: true }],
  ['superseded', { tokenGeneration: 1, sessionGeneration: 1, foreignNotBefore: NOW }, {}],
  ['stale_login', { authenticatedAt: 1 }, { needsFreshLogin: true }],
  ['live', {}, {}],
]

/** Everything in the table from a line on, at once. */
function fateFrom(first: number, under: Partial<Issued>): string {
  const happened = ORDER.slice(first)
  const lostAt = happened.map(([, , , at]) => at).find((at) => at !== undefined)
  const context: JudgeContext = {
    clock: () => NOW + 1000,
    store: { lossOf: () => lostAt },
    options: {
      onDataLoss: 'refuse',
      requireFreshLoginSeconds: 60,
      publicUrl: 'https://gate.test',
      denials: {},
    },
  }
  const blank = { sessionGeneration: 0, tokenGeneration: 0, authenticatedAt: NOW }
  const standing: Standing = Object.assign(blank, ...happened.map(([, change]) => change))
  const changes = happened.map(([, , change]) => change)
  const issued: Issued = Object.assign({ partition: 'p', issuedAt: NOW, ...under }, ...changes)
  return fateOf(context, standing, issued)
}

describe.each<[string, Partial<Issued>]>([
  ['under a generation of tokens', { tokenGeneration: 0 }],
  ['under a generation of sessions', { sessionGeneration: 0 }],
  ['under both, as an approval', { tokenGeneration: 0, sessionGeneration: 0 }],
  ['by another issuer', {}],
])('what was issued %s', (_, under) => {
  it.each(ORDER.map(([fate], line) => [fate, line] as const))(
    'is %s before all that comes after it in the order',
    (fate, line) => {
      expect(fateFrom(line, under)).toBe(fate)
    },
  )
})

it('what says nothing of when it was issued is from before no loss, but after every sign-out of its kind', () => {
  expect(fateFrom(2, { issuedAt: undefined, tokenGeneration: 0 })).toBe('absent')
  expect(fateFrom(5, { issuedAt: undefined })).toBe('superseded')
})

it('what outlives revocation is ended by its record and by a ban, not by what ends all tokens', () => {
  const outlivesRevocation = true
  expect(fateFrom(0, { issuedAt: undefined, outlivesRevocation })).toBe('banned')
  expect(fateFrom(4, { issuedAt: undefined, outlivesRevocation })).toBe('ended')
  expect(fateFrom(5, { issuedAt: undefined, outlivesRevocation })).toBe('stale_login')
})

interface Presented {
  readonly headers: Record<string, string>
  /** Ends this credential alone, leaving its record. */
  readonly end?: (identity: Identity) => Promise<unknown>
}

interface Row {
  readonly present: (context: GateContext, externalToken: () => Promise<string>) => Promise<Presented>
  /** Where its record is, for a credential that is proven without it. */
  readonly collection?: string
  readonly codes: {
    readonly absent?: string
    readonly ended?: string
    readonly superseded: string
    readonly stale?: string
  }
}

const TOKEN_CODES = {
  absent: 'token_invalid',
  ended: 'token_revoked',
  superseded: 'token_revoked',
  stale: 'login_stale',
}
const EXTERNAL_CODES = { ended: 'token_revoked', superseded: 'token_revoked' }

const KINDS: Readonly<Record<string, Row>> = {
  token: {
    async present(context) {
      const { token, info } = must(await issueToken(context, { by: PROGRAM, account: USER }))
      const input = { account: USER, id: info.id, by: actingAs(USER) }
      return { headers: { 'x-api-key': token }, end: () => revokeToken(context, input) }
    },
    collection: 'tokens',
    codes: TOKEN_CODES,
  },
  'token of a family': {
    async present(context) {
      const { client, refreshToken } = await startFamilyOf(context, USER)
      const bought = must(await refreshTokens(context, { refreshToken, client }))
      const end = () =>
        revokeRefreshToken(context, { refreshToken: bought.refreshToken, clientId: client.id })
      return { headers: { authorization: `Bearer ${bought.accessToken}` }, end }
    },
    collection: 'tokens',
    codes: TOKEN_CODES,
  },
  'API key': {
    async present(context) {
      const { key } = must(await createApiKey(apiKeysOf(context), { by: PROGRAM, account: USER }))
      return { headers: { 'x-api-key': key } }
    },
    codes: { superseded: 'api_key_invalid', stale: 'login_stale' },
  },
  session: {
    present: async (context) => ({ headers: { cookie: (await sessionOf(context, USER)).cookie ?? '' } }),
    codes: { superseded: 'session_invalid' },
  },
  'external token': {
    async present(context, externalToken) {
      const end = ({ credential: { id, expiresAt } }: Identity) =>
        revokeExternalToken(contextOfPlugin(context, externalTokens([])), {
          account: USER,
          by: actingAs(USER),
          id,
          expiresAt,
        })
      return { headers: { authorization: `Bearer ${await externalToken()}` }, end }
    },
    codes: EXTERNAL_CODES,
  },
  'kind that was added': {
    async present(context) {
      const revoked = { put: { collection: REVOKED_CERTIFICATES, id: 'ab12' }, value: true }
      return {
        headers: { [CERTIFICATE_HEADER]: certificateOf(USER, { issuedAt: NOW }) },
        end: () => context.store.commit(context.partitionOf(USER), { writes: [revoked] }),
      }
    },
    codes: EXTERNAL_CODES,
  },
}

async function start(kind: string) {
  const clock = new TestClock()
  const key = await testKey('k')
  const server = await issuerServer()
  server.keys = [key.jwk]
  let lostAt: number | undefined
  const store = withFaults(memoryStore({ clock: clock.read }), { lossOf: () => lostAt })
  const { context } = await gateFixture(
    {
      clock: clock.read,
      store,
      requireFreshLogin: '1h',
      plugins: [apiKeys(), oauth(), externalTokens([{ issuer: server.issuer, audience: AUDIENCE }])],
    },
    [certificateKind()],
  )
  const partition = context.partitionOf(USER)
  const change = (next: (standing: Standing) => Standing) => changeStanding(context, partition, next)
  await change((standing) => ({ ...standing, authenticatedAt: clock.now }))
  const row = KINDS[kind]
  if (!row) throw new Error('no such kind')
  const token = () => signed(key, goodClaims(server.issuer))
  const presented = await row.present(context, token)
  const rawHeaders = Object.entries(presented.headers).flat()
  return {
    ...row,
    ...presented,
    deps: context,
    clock,
    partition,
    change,
    lose: () => {
      lostAt = clock.now
    },
    ask: () => identify(context, { method: 'GET', target: '/', rawHeaders }),
  }
}

describe.each(Object.keys(KINDS))('a %s', (kind) => {
  it('is judged in the one order, and so is what runs by it', async () => {
    const { ask, codes, change, clock, collection, deps, end, lose, partition } = await start(kind)
    const identity = must(await ask())
    expect(await stillAllowed(deps, identity)).toBe(true)
    /** What happens later is asked earlier. */
    const happens: readonly [code: string | undefined, () => unknown][] = [
      [codes.stale, () => change((standing) => ({ ...standing, authenticatedAt: 0 }))],
      [codes.superseded, () => change((standing) => withoutSessions(withoutTokens(standing, clock.now)))],
      [codes.ended, () => end?.(identity)],
      [codes.absent, () => collection && removeAll(deps, partition, collection)],
      ['issued_before_loss', lose],
      ['account_banned', () => change((standing) => ({ ...standing, deactivatedAt: clock.now }))],
      ['account_banned', () => change((standing) => ({ ...standing, ban: BAN }))],
    ]
    for (const [code, happen] of happens) {
      if (code === undefined) continue
      await happen()
      expect(refusalOf(await ask())).toBe(code)
      expect(await stillAllowed(deps, identity)).toBe(code === codes.stale)
    }
  })
})

async function removeAll(context: GateContext, partition: string, collection: string) {
  const { records } = await context.store.page(partition, collection, { limit: 100 })
  await context.store.commit(partition, { writes: records.map(({ id }) => ({ delete: { collection, id } })) })
}

it('nobody learns without the secret that the account of an API key or a session is banned', async () => {
  const { context } = await gateFixture()
  const { key } = must(await createApiKey(apiKeysOf(context), { by: PROGRAM, account: USER }))
  const { cookie = '' } = await sessionOf(context, USER)
  must(await banAccount(context, { account: USER, by: actingAs('root@example.com'), keepTokens: true }))
  const ask = async (rawHeaders: string[]) =>
    refusalOf(await identify(context, { method: 'GET', target: '/', rawHeaders }))
  expect(await ask(['x-api-key', key])).toBe('account_banned')
  const other = (secret: string) => `${secret.slice(0, -1)}${secret.endsWith('A') ? 'E' : 'A'}`
  expect(await ask(['x-api-key', other(key)])).toBe('api_key_invalid')
  expect(await ask(['cookie', other(cookie)])).toBe('session_invalid')
})
