import { describe, expect, it } from 'vitest'
import { authenticate } from '../../src/authentication/authenticate.js'
import type { GateContext } from '../../src/context/context.js'
import type { IdentityProvider } from '../../src/login/identity-provider.js'
import { startSession } from '../../src/sessions/start.js'
import { memoryStore } from '../../src/store/memory.js'
import { issueToken } from '../../src/tokens/issue.js'
import { gateFixture, must, PROGRAM, withFaults } from '../gate/gate-fixture.js'

const account = 'user@example.com'
const provider: IdentityProvider = {
  issuer: 'https://idp.test',
  begin: () => Promise.reject(new Error('not asked')),
  complete: () => Promise.reject(new Error('not asked')),
  logoutUrl: () => Promise.resolve(undefined),
  ready: () => Promise.resolve(true),
}

function decide(context: GateContext, target: string, headers: Record<string, string> = {}, method = 'GET') {
  return authenticate(context, { method, target, rawHeaders: Object.entries(headers).flat() })
}

describe('a request', () => {
  it('without a credential is denied with a challenge that names no error (RFC 6750 §3.1)', async () => {
    const { context } = await gateFixture()
    const decision = await decide(context, '/v1/messages')
    expect(decision).toMatchObject({ outcome: 'deny', denial: { code: 'credentials_missing', status: 401 } })
    expect(decision.outcome === 'deny' && decision.denial.challengeError).toBeUndefined()
  })

  it('of a browser is sent to log in and back to where it was going', async () => {
    const { context } = await gateFixture({ identityProvider: provider })
    for (const headers of [{ 'sec-fetch-mode': 'navigate' }, { accept: 'text/html,*/*' }])
      expect(await decide(context, '/app?x=1&y=2', headers)).toEqual({
        outcome: 'login',
        location: '/oauth2/start?rd=%2Fapp%3Fx%3D1%26y%3D2',
      })
  })

  it('of a script in a browser, or a post, is never redirected', async () => {
    const { context } = await gateFixture({ identityProvider: provider })
    const asked = [
      decide(context, '/app', { 'sec-fetch-mode': 'cors', accept: 'text/html' }),
      decide(context, '/app', { accept: 'application/json' }),
      decide(context, '/app', { 'sec-fetch-mode': 'navigate' }, 'POST'),
    ]
    for (const decision of await Promise.all(asked)) expect(decision.outcome).toBe('deny')
  })

  it.each([
    ['GET', '/v1/../api/admin', 'target_invalid'],
    ['GET', '//v1/messages', 'target_invalid'],
    ['GET', 'http://evil.test/v1', 'target_invalid'],
    ['GET', '/v1?access_token=x', 'token_in_query'],
    ['TRACE', '/', 'method_refused'],
    ['CONNECT', 'evil.test:443', 'method_refused'],
  ])('%s %s is denied as %s before anybody looks at the credential', async (method, target, code) => {
    const { context } = await gateFixture()
    const { token } = must(await issueToken(context, { by: PROGRAM, account }))
    expect(await decide(context, target, { 'x-api-key': token }, method)).toMatchObject({ denial: { code } })
  })

  it('with a token needs the scope of the gate', async () => {
    const { context } = await gateFixture()
    const { token } = must(await issueToken(context, { by: PROGRAM, account, scopes: ['tokens:write'] }))
    expect(await decide(context, '/v1/messages', { 'x-api-key': token })).toMatchObject({
      outcome: 'deny',
      denial: { code: 'scope_insufficient', scope: 'api', challengeError: 'insufficient_scope' },
    })
  })

  it.each([
    [{ 'sec-fetch-site': 'same-origin' }, 'allow'],
    [{ origin: 'https://gate.test' }, 'allow'],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://gate.test' }, 'deny'],
    [{ 'sec-fetch-site': 'same-site' }, 'deny'],
    [{ 'sec-fetch-site': 'none' }, 'deny'],
    [{ origin: 'https://evil.test' }, 'deny'],
    [{ origin: 'null' }, 'deny'],
    [{}, 'deny'],
  ])('that changes something on a session with %j is answered %s', async (headers, outcome) => {
    const { context } = await gateFixture()
    const { cookieValue } = must(
      await startSession(context, { email: account, groups: [], issuer: 'i', subject: 's', idToken: 't' }),
    )
    const cookie = `__Host-portcullis_session=${cookieValue}`
    expect((await decide(context, '/app', { cookie, ...headers }, 'POST')).outcome).toBe(outcome)
    expect((await decide(context, '/app', { cookie, ...headers })).outcome).toBe('allow')
  })

  it('is neither allowed nor denied while the store cannot say', async () => {
    const store = memoryStore()
    const { context } = await gateFixture({ store, clock: Date.now })
    const { token } = must(await issueToken(context, { by: PROGRAM, account }))
    for (const read of [() => Promise.reject(new Error('gone')), () => new Promise<never>(() => {})]) {
      const { context: broken } = await gateFixture({
        store: withFaults(store, { read }),
        clock: Date.now,
        storeDeadlineMs: 20,
      })
      await expect(decide(broken, '/v1', { 'x-api-key': token })).rejects.toMatchObject({
        code: 'store_unavailable',
      })
    }
  })

  it('is let in with the very store calls of one read', async () => {
    const store = memoryStore()
    let reads = 0
    const counting = withFaults(store, {
      read: (...input) => {
        reads += 1
        return store.read(...input)
      },
    })
    const { context } = await gateFixture({ store: counting, clock: Date.now })
    const { token } = must(await issueToken(context, { by: PROGRAM, account }))
    reads = 0
    await decide(context, '/v1', { 'x-api-key': token })
    expect(reads).toBe(1)
  })
})
