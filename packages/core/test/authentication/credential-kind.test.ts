import { expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { authenticate, identify } from '../../src/authentication/authenticate.js'
import { stillAllowed } from '../../src/authentication/still-allowed.js'
import { denial } from '../../src/errors/denial.js'
import { createGate } from '../../src/gate/create-gate.js'
import { memoryStore } from '../../src/store/memory.js'
import { issueToken } from '../../src/tokens/issue.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import {
  actingAs,
  type GateFixture,
  gateFixture,
  must,
  PROGRAM,
  refusalOf,
  TestClock,
  withFaults,
} from '../gate/gate-fixture.js'
import { sessionOf } from '../http/http-fixture.js'
import {
  CERTIFICATE_HEADER,
  certificateKind,
  certificateOf,
  REVOKED_CERTIFICATES,
} from './certificate-kind.fixture.js'

const USER = 'ann@example.com'

async function start(
  more: Parameters<typeof certificateKind>[0] = {},
  overrides: Parameters<typeof gateFixture>[0] = {},
) {
  const fixture = await gateFixture(overrides, [certificateKind(more)])
  return {
    ...fixture,
    ask: asking(fixture),
    certificate: certificateOf(USER, { issuedAt: fixture.clock.now }),
  }
}

function asking({ context }: GateFixture) {
  return (headers: Record<string, string>, method = 'GET') =>
    authenticate(context, { method, target: '/', rawHeaders: Object.entries(headers).flat() })
}

const view = (headers: Record<string, string>) => ({
  method: 'GET',
  target: '/',
  rawHeaders: Object.entries(headers).flat(),
})

it('a kind that somebody adds lets in whom it has proven, under its own name', async () => {
  const { ask, context, certificate } = await start()
  expect(await ask({ [CERTIFICATE_HEADER]: certificate })).toMatchObject({
    outcome: 'allow',
    identity: {
      accountId: USER,
      email: USER,
      groups: [],
      partition: context.partitionOf(USER),
      credential: { kind: 'client_certificate', id: 'ab12' },
    },
  })
  expect(await ask({ [CERTIFICATE_HEADER]: 'Hash=' })).toMatchObject({
    denial: { code: 'credentials_malformed' },
  })
  expect(await ask({})).toMatchObject({ denial: { code: 'credentials_missing' } })
})

it('a kind that somebody adds cannot let in a banned account, nor let it go on', async () => {
  const { context, certificate } = await start()
  const presented = view({ [CERTIFICATE_HEADER]: certificate })
  const identity = must(await identify(context, presented))
  expect(await stillAllowed(context, identity)).toBe(true)
  must(await banAccount(context, { account: USER, by: actingAs('root@example.com'), keepTokens: true }))
  expect(refusalOf(await identify(context, presented))).toBe('account_banned')
  expect(await stillAllowed(context, identity)).toBe(false)
})

it('a kind that somebody adds ends by its own record, and with all tokens of the account', async () => {
  const { context, clock, certificate } = await start()
  const presented = view({ [CERTIFICATE_HEADER]: certificate })
  const identity = must(await identify(context, presented))
  const revoked = { put: { collection: REVOKED_CERTIFICATES, id: 'other' }, value: true }
  await context.store.commit(identity.partition, { writes: [revoked] })
  expect(await stillAllowed(context, identity)).toBe(true)
  must(await revokeAllTokens(context, { account: USER, by: actingAs(USER) }))
  expect(refusalOf(await identify(context, presented))).toBe('token_revoked')
  expect(await stillAllowed(context, identity)).toBe(false)
  clock.advance(1)
  const renewed = view({ [CERTIFICATE_HEADER]: certificateOf(USER, { hash: 'cd34', issuedAt: clock.now }) })
  const after = must(await identify(context, renewed))
  await context.store.commit(identity.partition, {
    writes: [{ put: { collection: REVOKED_CERTIFICATES, id: 'cd34' }, value: true }],
  })
  expect(refusalOf(await identify(context, renewed))).toBe('token_revoked')
  expect(await stillAllowed(context, after)).toBe(false)
})

it('a credential of an added kind beside a bearer credential is refused, whoever both are of (RFC 6750 §2)', async () => {
  const { ask, context, certificate } = await start()
  const { token } = must(await issueToken(context, { by: PROGRAM, account: USER }))
  for (const name of ['authorization', 'x-api-key'])
    expect(
      await ask({
        [name]: name === 'x-api-key' ? token : `Bearer ${token}`,
        [CERTIFICATE_HEADER]: certificate,
      }),
    ).toMatchObject({ denial: { code: 'credentials_ambiguous', status: 400 } })
})

it('two added kinds at once are refused; one that yields gives way to any other credential', async () => {
  const other = (yields: boolean) =>
    certificateKind({ name: 'other', pick: () => certificateOf(USER), yields })
  for (const [yields, outcome] of [
    [false, { denial: { code: 'credentials_ambiguous' } }],
    [true, { identity: { credential: { kind: 'client_certificate' } } }],
  ] as const) {
    const fixture = await gateFixture({}, [other(yields), certificateKind()])
    expect(await asking(fixture)({ [CERTIFICATE_HEADER]: certificateOf(USER) })).toMatchObject(outcome)
  }
})

it('a session cookie gives way to a credential of an added kind', async () => {
  const { ask, context, certificate } = await start()
  const { cookie = '' } = await sessionOf(context, 'bob@example.com')
  expect(await ask({ cookie, [CERTIFICATE_HEADER]: certificate })).toMatchObject({
    identity: { accountId: USER },
  })
  expect(await ask({ cookie })).toMatchObject({ identity: { accountId: 'bob@example.com' } })
})

it('what an added kind cannot read is refused as it says, and nothing else is tried', async () => {
  const { ask, context } = await start({ pick: () => denial('credentials_malformed') })
  const { token } = must(await issueToken(context, { by: PROGRAM, account: USER }))
  expect(await ask({ 'x-api-key': token })).toMatchObject({ denial: { code: 'credentials_malformed' } })
})

it('a credential that browsers send by themselves changes nothing for a page of another site', async () => {
  const { ask, certificate } = await start({ isSentByBrowsers: true })
  const headers = { [CERTIFICATE_HEADER]: certificate, 'sec-fetch-site': 'cross-site' }
  expect(await ask(headers, 'POST')).toMatchObject({ denial: { code: 'cross_site_request' } })
  expect(await ask({ ...headers, 'sec-fetch-site': 'same-origin' }, 'POST')).toMatchObject({
    outcome: 'allow',
    identity: { credential: { isSentByBrowsers: true } },
  })
})

it('an added kind costs one read of the store, and a request without it none more', async () => {
  let reads = 0
  const clock = new TestClock()
  const memory = memoryStore({ clock: clock.read })
  const store = withFaults(memory, {
    read(...input) {
      reads += 1
      return memory.read(...input)
    },
  })
  const { ask, context, certificate } = await start({}, { store, clock: clock.read })
  const { token } = must(await issueToken(context, { by: PROGRAM, account: USER }))
  for (const headers of [{ [CERTIFICATE_HEADER]: certificate }, { 'x-api-key': token }]) {
    reads = 0
    expect(await ask(headers as Record<string, string>)).toMatchObject({ outcome: 'allow' })
    expect(reads).toBe(1)
  }
})

it('two kinds of one name stop the start', async () => {
  for (const name of ['token', 'client_certificate'])
    await expect(gateFixture({}, [certificateKind(), certificateKind({ name })])).rejects.toMatchObject({
      code: 'configuration_invalid',
      problems: [`credential kind ${name}: there is one of this name already`],
    })
})

it.each(['', 'service', 'refresh_token', 'Client', 'client certificate', 'x'.repeat(65)])(
  'a kind that is named %j, like nothing or like another actor, stops the start',
  async (name) => {
    await expect(gateFixture({}, [certificateKind({ name })])).rejects.toMatchObject({
      code: 'configuration_invalid',
    })
  },
)

it('who was let in by an added kind acts on others by its role, and is audited by its kind', async () => {
  const { context, options } = await start()
  const root = certificateOf('root@example.com', { issuedAt: context.clock() })
  const by = must(await identify(context, view({ [CERTIFICATE_HEADER]: root })))
  const gate = await createGate(options)
  must(await gate.standing.ban({ account: USER, by }))
  const [entry] = (await gate.audit.list({ limit: 1 })).items
  expect(entry).toMatchObject({ actor: 'root@example.com', credential: 'client_certificate' })
})

it('who was let in by a kind that is gone may not go on', async () => {
  const { context, certificate } = await start()
  const identity = must(await identify(context, view({ [CERTIFICATE_HEADER]: certificate })))
  const { context: without } = await gateFixture({ store: context.store })
  expect(await stillAllowed(without, identity)).toBe(false)
})
