import { describe, expect, it } from 'vitest'
import { apiKeys } from '../../src/api-keys/plugin.js'
import type { Identity } from '../../src/authentication/identity.js'
import type { Role } from '../../src/authorization/roles.js'
import { createGate } from '../../src/gate/create-gate.js'
import { startSession } from '../../src/sessions/start.js'
import { gateFixture, must, refusalOf } from '../gate/gate-fixture.js'
import { httpFixture, sessionOf, tokenOf } from '../http/http-fixture.js'

const ROOT = 'root@example.com'
const by = { service: 'test' }

function identity(account: string, role: Role, kind: Identity['credential']['kind'] = 'session'): Identity {
  const credential = { kind, id: 'x', issuedAt: 0, expiresAt: 1 }
  return {
    accountId: account,
    email: account,
    groups: [],
    role,
    scopes: ['api', 'tokens:write'],
    credential,
    partition: 'p',
  }
}

/** An account with one of everything. */
async function everythingOf(account: string) {
  const { options, context } = await gateFixture()
  const gate = await createGate({ ...options, plugins: [apiKeys()] })
  const facts = { email: account, groups: [], issuer: 'i', subject: 's', idToken: 't' }
  must(await startSession(context, facts))
  const [session] = must(await gate.sessions.list({ account, limit: 1 })).items
  const token = must(await gate.tokens.issue({ account, by })).info.id
  const apiKey = must(await gate.apiKeys.create({ account, by })).info.id
  return { gate, account, token, apiKey, handle: session?.handle ?? '' }
}

type Had = Awaited<ReturnType<typeof everythingOf>>

/** Everything that can be done to what an account has. */
const OPERATIONS: Record<string, (had: Had, by: Identity) => Promise<Parameters<typeof refusalOf>[0]>> = {
  'issue a token': ({ gate, account }, who) => gate.tokens.issue({ account, by: who }),
  'revoke a token': ({ gate, account, token }, who) => gate.tokens.revoke({ account, id: token, by: who }),
  'revoke all tokens': ({ gate, account }, who) => gate.tokens.revokeAll({ account, by: who }),
  'create an API key': ({ gate, account }, who) => gate.apiKeys.create({ account, by: who }),
  'rotate an API key': ({ gate, account, apiKey }, who) =>
    gate.apiKeys.rotate({ account, id: apiKey, by: who }),
  'revoke an API key': ({ gate, account, apiKey }, who) =>
    gate.apiKeys.revoke({ account, id: apiKey, by: who }),
  'end a session': ({ gate, handle }, who) => gate.sessions.end({ handle, by: who }),
  'sign out everywhere': ({ gate, account }, who) => gate.standing.signOutEverywhere({ account, by: who }),
  ban: ({ gate, account }, who) => gate.standing.ban({ account, by: who }),
  unban: ({ gate, account }, who) => gate.standing.unban({ account, by: who }),
  'force logout': ({ gate, account }, who) => gate.standing.forceLogout({ account, by: who }),
}
const NEVER_TO_ONESELF = ['ban', 'unban', 'force logout']

/** The groups of operations that act on an account. */
const acting = ({ tokens, apiKeys, sessions, standing }: Had['gate']) => ({
  tokens,
  apiKeys,
  sessions,
  standing,
})

it('every operation on what an account has is examined here', async () => {
  const { gate } = await everythingOf('user@example.com')
  const verbs = Object.values(acting(gate)).flatMap((group) => Object.keys(group))
  const reading = verbs.filter((verb) => verb.startsWith('list'))
  expect(verbs.length - reading.length).toBe(Object.keys(OPERATIONS).length)
})

describe.each(Object.entries(OPERATIONS))('%s', (name, act) => {
  it('a plain admin cannot do it to a super admin', async () => {
    const had = await everythingOf(ROOT)
    expect(refusalOf(await act(had, identity('admin@example.com', 'admin')))).toBe('super_admin_protected')
  })

  it('a super admin can, and a plain admin to anybody else', async () => {
    const allowed = name === 'unban' ? 'not_banned' : undefined
    expect(
      refusalOf(await act(await everythingOf(ROOT), identity('second@example.com', 'super_admin'))),
    ).toBe(allowed)
    const had = await everythingOf('user@example.com')
    expect(refusalOf(await act(had, identity('admin@example.com', 'admin')))).toBe(allowed)
  })

  it.each(['viewer', 'user', 'team', 'customer'] as const)('a %s cannot do it to another', async (role) => {
    const had = await everythingOf('user@example.com')
    expect(refusalOf(await act(had, identity('other@example.com', role)))).toBe('role_insufficient')
  })

  it.each(['external_token', 'client_certificate'])(
    'a credential of kind %s, which vouches for a caller, gives no right over the account of that name',
    async (kind) => {
      const had = await everythingOf(ROOT)
      const expected = NEVER_TO_ONESELF.includes(name) ? 'own_account' : 'super_admin_protected'
      expect(refusalOf(await act(had, identity(ROOT, 'admin', kind)))).toBe(expected)
    },
  )
})

it('an identity hands on no scope that its own credential does not carry', async () => {
  const { gate, account, apiKey } = await everythingOf('user@example.com')
  const who = identity(account, 'user', 'token')
  const wish = { account, by: who, scopes: ['admin'] }
  expect(refusalOf(await gate.tokens.issue(wish))).toBe('scope_insufficient')
  expect(refusalOf(await gate.tokens.issue({ ...wish, grantable: ['admin'] }))).toBe('scope_insufficient')
  expect(refusalOf(await gate.apiKeys.create(wish))).toBe('scope_insufficient')
  const rotate = { account, id: apiKey, by: { ...who, scopes: ['tokens:write'] } }
  expect(refusalOf(await gate.apiKeys.rotate(rotate))).toBe('scope_insufficient')
})

it('only a super admin accepts a loss of records', async () => {
  const { gate } = await everythingOf('user@example.com')
  const admin = identity('admin@example.com', 'admin')
  expect(refusalOf(await gate.store.acceptLoss({ by: admin }))).toBe('role_insufficient')
})

it('a plain admin is told over HTTP too that a super admin is protected', async () => {
  const { context, call } = await httpFixture()
  await tokenOf(context, ROOT, ['api'])
  const headers = await sessionOf(context, 'admin@example.com')
  const { tokens } = (await (await call('GET', `/api/admin/tokens/${ROOT}`, { headers })).json()) as {
    tokens: { token_id: string }[]
  }
  const body = { user_email: ROOT }
  const answers = [
    await call('DELETE', `/api/admin/tokens/${tokens[0]?.token_id}`, { headers }),
    await call('POST', '/api/admin/tokens/revoke-user', { headers, body }),
    await call('POST', '/api/admin/sessions/revoke-user', { headers, body }),
    await call('POST', '/api/admin/sessions/force-logout', { headers, body }),
    await call('DELETE', `/api/admin/sessions/unban/${ROOT}`, { headers }),
  ]
  for (const answer of answers) {
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ code: 'super_admin_protected' })
  }
})
