import { beforeEach, describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { unbanAccount } from '../../src/accounts/unban.js'
import { createApiKey } from '../../src/api-keys/create.js'
import { bindApiKeyOperations } from '../../src/api-keys/operations.js'
import { rotateApiKey } from '../../src/api-keys/rotate.js'
import { listAudit } from '../../src/audit/list.js'
import type { GateContext } from '../../src/context/context.js'
import { bindOperations } from '../../src/gate/operations.js'
import { MAX_IDEMPOTENT_A_DAY } from '../../src/idempotency/once.js'
import { issueTokenOnce } from '../../src/tokens/issue-once.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import { summarizeTokens } from '../../src/tokens/summarize.js'
import { actingAs, apiKeysOf, must, PROGRAM, refusalOf } from '../gate/gate-fixture.js'
import { apiKeyOf, type HttpFixture, httpFixture, sessionOf } from '../http/http-fixture.js'

const USER = 'user@example.com'
const HOUR = 3_600_000

interface Creation {
  readonly path: '/api/token/generate' | '/v1/user/keys'
  readonly name: 'token_name' | 'key_name'
  readonly collection: 'tokens' | 'api-keys'
  /** The secret of an answer, and what of it would give it away. */
  readonly secretOf: (body: string) => string
  readonly revoke: (fixture: HttpFixture, headers: Record<string, string>, body: string) => Promise<Response>
}

const member = (body: string, name: string) => String((JSON.parse(body) as Record<string, unknown>)[name])

const CREATIONS: Record<string, Creation> = {
  'a token': {
    path: '/api/token/generate',
    name: 'token_name',
    collection: 'tokens',
    secretOf: (body) => member(body, 'token').split('.')[2] ?? '',
    revoke: (fixture, headers, body) =>
      fixture.call('POST', '/api/token/revoke', { headers, body: { token_id: member(body, 'token_id') } }),
  },
  'an API key': {
    path: '/v1/user/keys',
    name: 'key_name',
    collection: 'api-keys',
    secretOf: (body) => member(body, 'key').slice(-43),
    revoke: (fixture, headers, body) =>
      fixture.call('DELETE', `/v1/user/keys/${member(body, 'key_id')}`, { headers }),
  },
}

let fixture: HttpFixture
let headers: Record<string, string>

beforeEach(async () => {
  fixture = await httpFixture()
  headers = await sessionOf(fixture.context, USER)
})

describe.each(Object.entries(CREATIONS))('%s that is asked for with an Idempotency-Key', (_, creation) => {
  const { path, name, collection, secretOf, revoke } = creation
  const wish = { [name]: 'ci', expires_in: 90_000, scopes: ['api'] }

  const ask = async (key: string, body: object = wish, by = headers) => {
    const response = await fixture.call('POST', path, { headers: { ...by, 'idempotency-key': key }, body })
    return { status: response.status, body: await response.text() }
  }
  const codeOf = async (...asked: Parameters<typeof ask>) => {
    const { status, body } = await ask(...asked)
    return status === 201 ? 'created' : `${status} ${member(body, 'code')}`
  }
  const count = () => fixture.store.count(fixture.context.partitionOf(USER), collection)

  it('is the same, byte for byte, each time that it is asked for', async () => {
    const first = await ask('one')
    expect(first.status).toBe(201)
    fixture.clock.advance(HOUR)
    expect(await ask('one')).toEqual(first)
    expect(await ask('"one"')).toEqual(first)
    expect(await count()).toBe(1)
  })

  it('is another one for another key, and without one', async () => {
    await ask('one')
    await ask('two')
    for (let times = 0; times < 2; times++) await fixture.call('POST', path, { headers, body: wish })
    expect(await count()).toBe(4)
  })

  it('is one for any number at once, which all see it', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('one')))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size).toBe(1)
    expect(answers[0]?.status).toBe(201)
    expect(await count()).toBe(1)
    if (collection === 'tokens') expect((await summarizeTokens(fixture.context)).total).toBe(1)
    const { items } = await listAudit(fixture.context, { limit: 100 })
    expect(items.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  })

  it.each([
    ['another name', { ...wish, [name]: 'cd' }],
    ['another lifetime', { ...wish, expires_in: 90_001 }],
    ['no lifetime', { [name]: 'ci', scopes: ['api'] }],
    ['other scopes', { ...wish, scopes: ['api', 'tokens:write'] }],
  ])('is not made from a request with the same key and %s', async (_name, other) => {
    await ask('one')
    expect(await codeOf('one', other)).toBe('422 idempotency_key_reused')
    expect(await count()).toBe(1)
  })

  it('is not made from a request of the other kind with the same key', async () => {
    await ask('one', {})
    const other = path === '/v1/user/keys' ? '/api/token/generate' : '/v1/user/keys'
    const sent = { headers: { ...headers, 'idempotency-key': 'one' }, body: {} }
    expect((await fixture.call('POST', other, sent)).status).toBe(422)
  })

  it.each(['', 'x'.repeat(256), 'schl\u00fcssel', 'a, b'])('is refused for the key %j', async (key) => {
    expect(await codeOf(key)).toBe('400 idempotency_key_invalid')
    expect(await count()).toBe(0)
  })

  it('leaves the key to the next request when it was refused', async () => {
    expect(await codeOf('one', { expires_in: 1 })).toBe('400 expires_in_invalid')
    expect(await codeOf('one')).toBe('created')
  })

  it('is made anew once a day has passed, and not a moment before', async () => {
    const first = await ask('one')
    fixture.clock.advance(24 * HOUR - 1)
    headers = await sessionOf(fixture.context, USER)
    expect(await ask('one')).toEqual(first)
    fixture.clock.advance(1)
    const next = await ask('one')
    expect(next.status).toBe(201)
    expect(secretOf(next.body)).not.toBe(secretOf(first.body))
  })

  it('is of whoever asked: the same key of somebody else makes another', async () => {
    const first = await ask('one')
    const other = await ask('one', wish, await sessionOf(fixture.context, 'other@example.com'))
    expect(other.status).toBe(201)
    expect(secretOf(other.body)).not.toBe(secretOf(first.body))
    const { context } = fixture
    const operation = { account: USER, name: 'ci', lifetimeSeconds: 90_000, scopes: ['api'] }
    const create = collection === 'tokens' ? issueTokenOnce : createKey
    expect(
      refusalOf(await create(context, { ...operation, by: PROGRAM, idempotencyKey: 'one' })),
    ).toBeUndefined()
    expect(await count()).toBe(2)
  })

  it('is not answered to a credential of the account that could not have made it', async () => {
    await ask('one', {})
    const weak = await apiKeyOf(fixture.context, USER, ['tokens:write'])
    expect(await codeOf('one', {}, weak)).toBe('403 scope_insufficient')
  })

  it('is not answered again once it was revoked, alone or with all others', async () => {
    const first = await ask('one')
    expect((await revoke(fixture, headers, first.body)).status).toBe(200)
    expect(await codeOf('one')).toBe('409 idempotent_result_gone')
    await ask('two')
    must(await revokeAllTokens(fixture.context, { account: USER, by: actingAs(USER) }))
    expect(await codeOf('two')).toBe('409 idempotent_result_gone')
    expect(await fixture.store.count(fixture.context.partitionOf(USER), 'idempotency')).toBe(2)
  })

  it('is not answered to a banned account, nor afterwards', async () => {
    const { context } = fixture
    const create = collection === 'tokens' ? issueTokenOnce : createKey
    const again = async () =>
      refusalOf(await create(context, { account: USER, by: PROGRAM, idempotencyKey: 'one' }))
    expect(await again()).toBeUndefined()
    const root = actingAs('root@example.com')
    must(await banAccount(context, { account: USER, by: root }))
    expect(await again()).toBe('account_banned')
    must(await unbanAccount(context, { account: USER, by: root }))
    expect(await again()).toBe('idempotent_result_gone')
  })

  it('is not answered again once it has expired', async () => {
    expect(await codeOf('one', { expires_in: 3600 })).toBe('created')
    fixture.clock.advance(HOUR + 1000)
    expect(await codeOf('one', { expires_in: 3600 })).toBe('409 idempotent_result_gone')
  })

  it('lies sealed in the store, under no name that tells the key', async () => {
    const { body } = await ask('a-key-of-mine')
    const { records } = await fixture.store.page(fixture.context.partitionOf(USER), 'idempotency', {
      limit: 10,
    })
    expect(records).toHaveLength(1)
    const value = records[0]?.value
    expect(value).toMatch(/^[\w-]+$/)
    expect(Buffer.from(String(value), 'base64url').toString('latin1')).not.toContain(secretOf(body))
    expect(JSON.stringify(records)).not.toContain('a-key-of-mine')
  })

  it('cannot be moved to another key by whoever writes to the store', async () => {
    const { store, context } = fixture
    const partition = context.partitionOf(USER)
    const kept = async () => (await store.page(partition, 'idempotency', { limit: 10 })).records
    await ask('one')
    const [first] = await kept()
    await ask('two')
    const second = (await kept()).find(({ id }) => id !== first?.id)
    if (!first || !second) throw new Error('nothing is kept')
    const put = { collection: 'idempotency', id: second.id }
    await store.commit(partition, { writes: [{ put, value: first.value }] })
    expect(await codeOf('two')).toBe('409 idempotent_result_gone')
  })

  it('is kept for a thousand keys of an account in a day, and then for no other', {
    timeout: 30_000,
  }, async () => {
    const { context, clock, store } = fixture
    const midnight = Math.ceil((clock.now + 1) / (24 * HOUR)) * 24 * HOUR
    await store.commit(context.partitionOf(USER), {
      writes: [
        {
          add: { collection: 'idempotency-count', id: String(midnight) },
          amount: MAX_IDEMPOTENT_A_DAY - 1,
          expiresAt: midnight,
        },
      ],
    })
    const last = await ask('last')
    expect(last.status).toBe(201)
    expect(await codeOf('one-too-many')).toBe('429 rate_limited')
    expect(await ask('last')).toEqual(last)
    expect(await count()).toBe(1)
    clock.now = midnight
    headers = await sessionOf(context, USER)
    expect(await codeOf('one-too-many')).toBe('created')
  })
})

const createKey = (context: GateContext, wish: Parameters<typeof createApiKey>[1]) =>
  createApiKey(apiKeysOf(context), wish)

describe('an API key that was rotated', () => {
  it('is answered with the end that it has by now, and not at all once that is past', async () => {
    const { context, clock } = fixture
    const wish = { account: USER, by: PROGRAM, idempotencyKey: 'one' }
    const { key, info } = must(await createApiKey(apiKeysOf(context), wish))
    must(
      await rotateApiKey(apiKeysOf(context), { account: USER, id: info.id, by: PROGRAM, overlapSeconds: 60 }),
    )
    const again = must(await createApiKey(apiKeysOf(context), wish))
    expect([again.key, again.info.expiresAt]).toEqual([key, clock.now + 60_000])
    clock.advance(60_000)
    expect(refusalOf(await createApiKey(apiKeysOf(context), wish))).toBe('idempotent_result_gone')
  })
})

describe('the operations of programs', () => {
  it('take an idempotencyKey, and refuse one that is none', async () => {
    const { tokens } = bindOperations(fixture.context)
    const apiKeys = bindApiKeyOperations(apiKeysOf(fixture.context))
    const account = 'User@Example.com'
    const issue = (idempotencyKey: string) => tokens.issue({ account, idempotencyKey })
    const create = (idempotencyKey: string) => apiKeys.create({ account, idempotencyKey })
    expect(must(await issue('token of job 17'))).toEqual(must(await issue('token of job 17')))
    expect(must(await create('key of job 17'))).toEqual(must(await create('key of job 17')))
    expect(refusalOf(await create('token of job 17'))).toBe('idempotency_key_reused')
    for (const wrong of ['', 'x'.repeat(256), 'a\n', 'ü', 17, null, {}])
      for (const act of [issue, create])
        expect(refusalOf(await act(wrong as string)), JSON.stringify(wrong)).toBe('input_invalid')
  })
})
