import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createApiKey } from '../../src/api-keys/create.js'
import { listApiKeys } from '../../src/api-keys/list.js'
import { listAudit } from '../../src/audit/list.js'
import { decideDevice } from '../../src/device/decide.js'
import { issueCode } from '../../src/oauth/authorization-code.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'
import { apiKeysOf, deviceOf, must, PROGRAM, withFaults } from '../gate/gate-fixture.js'
import { sessionOf } from '../http/http-fixture.js'
import { approvalOf, CLI, DEVICE_GRANT, type OAuthFixture, oauthFixture, personOf } from './oauth-fixture.js'

const USER = 'user@example.com'
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const CALLBACK = 'http://127.0.0.1:49152/callback'

/** A store that fails at the n-th call from when it is armed: before the call is carried out, or after. */
interface FailingStore {
  readonly store: Store
  arm(call: number, when: 'before' | 'after'): void
  disarm(): void
  readonly calls: number
}

function failingStore(inner: Store): FailingStore {
  let calls = 0
  let fault: { call: number; when: 'before' | 'after' } | undefined
  const run = async <T>(answer: () => Promise<T>): Promise<T> => {
    calls += 1
    const strikes = fault?.call === calls ? fault.when : undefined
    if (strikes === 'before') throw new Error('not carried out')
    const answered = await answer()
    if (strikes === 'after') throw new Error('the answer was lost')
    return answered
  }
  return {
    store: withFaults(inner, {
      read: (...input) => run(() => inner.read(...input)),
      commit: (...input) => run(() => inner.commit(...input)),
      page: (...input) => run(() => inner.page(...input)),
      count: (...input) => run(() => inner.count(...input)),
    }),
    arm(call, when) {
      calls = 0
      fault = { call, when }
    },
    disarm() {
      fault = undefined
    },
    get calls() {
      return calls
    },
  }
}

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

async function createdOnce({ context, call }: OAuthFixture, path: string): Promise<() => Promise<Answer>> {
  const headers = { ...(await sessionOf(context, USER)), 'idempotency-key': 'one' }
  return async () => {
    const response = await call('POST', path, { headers, body: {} })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }
}

/** Prepares what is exchanged or created, and answers how a client does so. */
const EXCHANGES: Record<string, (fixture: OAuthFixture) => Promise<() => Promise<Answer>>> = {
  async 'a refresh token'(fixture) {
    const { refresh_token } = await fixture.logIn()
    return () => fixture.refresh(refresh_token)
  },
  async 'a device code'(fixture) {
    const begun = (await fixture.post('/oauth2/device_authorization', { client_id: CLI })).body
    const identity = await personOf(fixture.context, USER)
    const userCode = String(begun.user_code).replace('-', '')
    must(
      await decideDevice(deviceOf(fixture.context), {
        identity,
        userCode,
        decision: 'approved',
        scopes: ['api'],
      }),
    )
    const form = { grant_type: DEVICE_GRANT, device_code: String(begun.device_code), client_id: CLI }
    return () => fixture.post('/oauth2/token', form)
  },
  async 'an authorization code'(fixture) {
    const code = await issueCode(fixture.context, {
      clientId: CLI,
      redirectUri: CALLBACK,
      codeChallenge: createHash('sha256').update(VERIFIER).digest('base64url'),
      scopes: ['api'],
      approval: await approvalOf(fixture.context, USER),
    })
    const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER }
    return () => fixture.post('/oauth2/token', { ...form, client_id: CLI })
  },
  'a token that is created': (fixture) => createdOnce(fixture, '/api/token/generate'),
  'an API key that is created': (fixture) => createdOnce(fixture, '/v1/user/keys'),
  async 'an API key'(fixture) {
    const { info } = must(await createApiKey(apiKeysOf(fixture.context), { by: PROGRAM, account: USER }))
    const headers = await sessionOf(fixture.context, USER)
    return async () => {
      const body = { overlap_seconds: 0 }
      const response = await fixture.call('POST', `/v1/user/keys/${info.id}/rotate`, { headers, body })
      return { status: response.status, body: (await response.json()) as Answer['body'] }
    }
  },
}

async function prepare(exchange: string) {
  const clock = { read: () => 0 }
  const failing = failingStore(memoryStore({ clock: () => clock.read() }))
  const fixture = await oauthFixture({ store: failing.store })
  clock.read = fixture.clock.read
  const attempt = await EXCHANGES[exchange]?.(fixture)
  if (!attempt) throw new Error('no such exchange')
  return { fixture, failing, attempt }
}

const live = async ({ context }: OAuthFixture) => {
  const partition = context.partitionOf(USER)
  const [families, tokens] = await Promise.all([
    context.store.count(partition, 'refresh'),
    context.store.count(partition, 'tokens'),
  ])
  return { families, tokens, keys: (await listApiKeys(apiKeysOf(context), { account: USER })).length }
}

describe.each(Object.keys(EXCHANGES))('%s', (exchange) => {
  it.each(['before', 'after'] as const)(
    'loses nothing and issues nothing twice when the store fails %s any one of its calls',
    async (when) => {
      const smooth = await prepare(exchange)
      smooth.failing.arm(Number.NaN, when)
      await smooth.attempt()
      const { calls } = smooth.failing
      const expected = await live(smooth.fixture)
      let failures = 0
      for (let call = 1; call <= calls; call++) {
        const { fixture, failing, attempt } = await prepare(exchange)
        failing.arm(call, when)
        const first = await attempt()
        failing.disarm()
        if (first.status >= 500) failures += 1
        // As long as a client may wait for an answer, and some.
        fixture.clock.advance(20_000)
        const second = await attempt()
        const where = `call ${call}: ${first.status} ${JSON.stringify(first.body)}`
        expect([200, 201], `${where}, then ${JSON.stringify(second.body)}`).toContain(second.status)
        if (first.status < 500)
          expect({ ...second.body, expires_in: 0 }).toEqual({ ...first.body, expires_in: 0 })
        const credential = String(second.body.access_token ?? second.body.token ?? second.body.key)
        expect(await fixture.statusWith(credential), where).toBe(200)
        expect(await live(fixture), where).toEqual(expected)
        const { items } = await listAudit(fixture.context, { limit: 50 })
        expect(items.filter(({ action }) => action.endsWith('.reuse'))).toEqual([])
        if (second.body.refresh_token) {
          const next = await fixture.refresh(String(second.body.refresh_token))
          expect(next.status, where).toBe(200)
        }
      }
      expect(failures).toBeGreaterThan(2)
    },
  )
})

describe('the token endpoint whose store does not answer', () => {
  it('answers 503 in the form of OAuth, with when to try again, and claims nothing', async () => {
    const { fixture, failing } = await prepare('a refresh token')
    const { refresh_token } = await fixture.logIn()
    failing.arm(1, 'before')
    const form = { grant_type: 'refresh_token', refresh_token, client_id: CLI }
    const response = await fixture.call('POST', '/oauth2/token', { form })
    const body = (await response.json()) as Answer['body']
    expect([response.status, body.error]).toEqual([503, 'temporarily_unavailable'])
    expect(body.error_description).toContain('is not known')
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  })
})
