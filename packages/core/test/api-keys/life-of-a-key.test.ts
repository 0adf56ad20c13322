import { beforeEach, describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { unbanAccount } from '../../src/accounts/unban.js'
import { createApiKey } from '../../src/api-keys/create.js'
import { rotateApiKey } from '../../src/api-keys/rotate.js'
import { identify } from '../../src/authentication/authenticate.js'
import { stillAllowed } from '../../src/authentication/still-allowed.js'
import { memoryStore } from '../../src/store/memory.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import {
  actingAs,
  apiKeysOf,
  gateFixture,
  must,
  PROGRAM,
  refusalOf,
  withFaults,
} from '../gate/gate-fixture.js'
import { type HttpFixture, httpFixture, sessionOf } from '../http/http-fixture.js'

const USER = 'user@example.com'
let fixture: HttpFixture
let headers: Record<string, string>

beforeEach(async () => {
  fixture = await httpFixture()
  headers = await sessionOf(fixture.context, USER)
})

interface Created {
  readonly key: string
  readonly key_id: string
}

async function create(body: unknown = {}): Promise<Created> {
  const response = await fixture.call('POST', '/v1/user/keys', { headers, body })
  expect(response.status).toBe(201)
  return (await response.json()) as Created
}

const verdict = async (key: string) => {
  const view = { method: 'GET', target: '/', rawHeaders: ['x-api-key', key] }
  return refusalOf(await identify(fixture.context, view)) ?? 'allow'
}

async function list() {
  const response = await fixture.call('GET', '/v1/user/keys', { headers })
  return ((await response.json()) as { keys: Record<string, unknown>[] }).keys
}

describe('an API key', () => {
  it('is shown once, works as a bearer and in x-api-key, and is listed by its public part', async () => {
    const { key, key_id } = await create({ key_name: 'ci\u0000 <b>', expires_in: 3600 })
    expect(key).toMatch(/^pk_[\w-]{77}$/)
    expect(await verdict(key)).toBe('allow')
    const bearer = { method: 'GET', target: '/', rawHeaders: ['Authorization', `Bearer ${key}`] }
    expect(must(await identify(fixture.context, bearer))).toMatchObject({
      accountId: USER,
      credential: { kind: 'api_key', id: key_id },
    })
    const [listed] = await list()
    expect(listed).toMatchObject({ key_id, key_name: 'ci <b>', scopes: ['api'] })
    expect(JSON.stringify(listed)).not.toContain(key)
  })

  it('is kept as a hash that does not work as a key', async () => {
    const { key, key_id } = await create()
    const partition = fixture.context.partitionOf(USER)
    const [stored] = await fixture.store.read(partition, [{ collection: 'api-keys', id: key_id }])
    if (!stored) throw new Error('nothing is stored')
    const { hash } = stored.value as { hash: string }
    expect(JSON.stringify(stored)).not.toContain(key.slice(-43))
    expect(await verdict(`${key.slice(0, -43)}${hash}`)).toBe('api_key_invalid')
  })

  it.each([
    ['another secret', (key: string) => `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`],
    ['another account', (key: string) => key.slice(0, 15) + 'x'.repeat(22) + key.slice(37)],
    ['another id', (key: string) => `pk_${'x'.repeat(12)}${key.slice(15)}`],
    ['a character more', (key: string) => `${key}A`],
    ['nothing behind its prefix', () => 'pk_'],
  ])('does not work with %s', async (_name, forge) => {
    const { key } = await create()
    expect(await verdict(forge(key))).toBe('api_key_invalid')
  })

  it('ends when it expires, when it is revoked, and with a ban for good', async () => {
    const [expiring, revoked, banned] = [await create({ expires_in: 60 }), await create(), await create()]
    const gone = await fixture.call('DELETE', `/v1/user/keys/${revoked.key_id}`, { headers })
    expect(gone.status).toBe(200)
    expect(await verdict(revoked.key)).toBe('api_key_invalid')
    fixture.clock.advance(60_000)
    expect(await verdict(expiring.key)).toBe('api_key_invalid')
    const view = { method: 'GET', target: '/', rawHeaders: ['x-api-key', banned.key] }
    const identity = must(await identify(fixture.context, view))
    expect(await stillAllowed(fixture.context, identity)).toBe(true)
    must(await banAccount(fixture.context, { account: USER, by: actingAs('root@example.com') }))
    expect(await verdict(banned.key)).toBe('account_banned')
    expect(await stillAllowed(fixture.context, identity)).toBe(false)
    must(await unbanAccount(fixture.context, { account: USER, by: actingAs('root@example.com') }))
    expect(await verdict(banned.key)).toBe('api_key_invalid')
  })

  it('is rotated with an overlap in which both work', async () => {
    const old = await create({ key_name: 'deploy', scopes: ['api', 'tokens:write'] })
    const path = `/v1/user/keys/${old.key_id}/rotate`
    const response = await fixture.call('POST', path, { headers, body: { overlap_seconds: 60 } })
    const next = (await response.json()) as Created & { key_name: string; scopes: string[] }
    expect([next.key_name, next.scopes]).toEqual(['deploy', ['api', 'tokens:write']])
    expect([await verdict(old.key), await verdict(next.key)]).toEqual(['allow', 'allow'])
    fixture.clock.advance(60_000)
    expect([await verdict(old.key), await verdict(next.key)]).toEqual(['api_key_invalid', 'allow'])
  })

  const rotate = async ({ key_id }: Created, overlap_seconds: number) => {
    const path = `/v1/user/keys/${key_id}/rotate`
    const response = await fixture.call('POST', path, { headers, body: { overlap_seconds } })
    return { status: response.status, ...((await response.json()) as Created) }
  }

  it('gets one successor, the same for all, when it is rotated by many at once', async () => {
    const old = await create()
    const answers = await Promise.all(Array.from({ length: 10 }, () => rotate(old, 0)))
    expect(new Set(answers.map(({ status, key }) => `${status} ${key}`)).size).toBe(1)
    expect(await verdict(answers[0]?.key ?? '')).toBe('allow')
    expect(await verdict(old.key)).toBe('api_key_invalid')
    expect(await list()).toHaveLength(1)
  })

  it('rotated again within 30 s, as after a lost answer, gets the same successor; later there is none', async () => {
    const old = await create()
    const first = await rotate(old, 0)
    fixture.clock.advance(29_999)
    expect(await rotate(old, 0)).toEqual(first)
    fixture.clock.advance(1)
    expect((await rotate(old, 0)).status).toBe(404)
    expect(await list()).toHaveLength(1)
  })

  it('rotated again without an overlap stops at once', async () => {
    const old = await create()
    const first = await rotate(old, 3600)
    expect(await verdict(old.key)).toBe('allow')
    expect((await rotate(old, 0)).key).toBe(first.key)
    expect(await verdict(old.key)).toBe('api_key_invalid')
  })

  it('whose successor was revoked gets no other by being rotated again', async () => {
    const old = await create()
    const { key_id } = await rotate(old, 0)
    await fixture.call('DELETE', `/v1/user/keys/${key_id}`, { headers })
    expect((await rotate(old, 0)).status).toBe(404)
  })

  it('from before a loss of records gets no successor that works', async () => {
    const clock = fixture.clock
    let lostAt: number | undefined
    const store = withFaults(memoryStore({ clock: clock.read }), { lossOf: () => lostAt })
    const { context } = await gateFixture({ clock: clock.read, store })
    const { info } = must(await createApiKey(apiKeysOf(context), { by: PROGRAM, account: USER }))
    lostAt = clock.now
    clock.advance(1)
    const rotation = { account: USER, id: info.id, by: actingAs('root@example.com') }
    expect(refusalOf(await rotateApiKey(apiKeysOf(context), rotation))).toBe('key_not_found')
    lostAt = undefined
    must(await rotateApiKey(apiKeysOf(context), rotation))
  })

  it('is not given again to an account that was banned since it was rotated', async () => {
    const { context } = fixture
    const { key_id: id } = await create()
    const rotation = { account: USER, id, by: actingAs('root@example.com') }
    must(await rotateApiKey(apiKeysOf(context), rotation))
    must(await banAccount(context, { account: USER, by: rotation.by, keepTokens: true }))
    expect(refusalOf(await rotateApiKey(apiKeysOf(context), rotation))).toBe('account_banned')
  })

  it('does not lie readable in the store while its rotation may be repeated', async () => {
    const { key } = await rotate(await create(), 0)
    const partition = fixture.context.partitionOf(USER)
    const { records } = await fixture.store.page(partition, 'api-key-rotations', { limit: 10 })
    expect(records).toHaveLength(1)
    expect(JSON.stringify(records)).not.toContain(key.slice(-43))
  })

  it('is not the hundred and first when another is created between the count and the commit', async () => {
    const store = memoryStore({ clock: () => fixture.clock.now })
    let beforeCommit: (() => Promise<unknown>) | undefined
    fixture = await httpFixture({
      store: withFaults(store, {
        async commit(partition, batch) {
          const isKey = batch.writes.some((write) => 'put' in write && write.put.collection === 'api-keys')
          const act = isKey ? beforeCommit : undefined
          if (act) beforeCommit = undefined
          await act?.()
          return store.commit(partition, batch)
        },
      }),
    })
    const make = () => createApiKey(apiKeysOf(fixture.context), { by: PROGRAM, account: USER })
    for (let made = 0; made < 99; made++) must(await make())
    beforeCommit = async () => must(await make())
    expect(refusalOf(await make())).toBe('too_many_keys')
  })

  it('is one of a hundred at most, however many are created at once, and ended ones do not count', async () => {
    const make = () => createApiKey(apiKeysOf(fixture.context), { by: PROGRAM, account: USER })
    for (let made = 0; made < 95; made++) must(await make())
    const outcomes = await Promise.all(Array.from({ length: 10 }, make))
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(5)
    expect(new Set(outcomes.map(refusalOf))).toEqual(new Set([undefined, 'too_many_keys']))
    must(await revokeAllTokens(fixture.context, { account: USER, by: actingAs(USER) }))
    must(await make())
    expect(await list()).toHaveLength(1)
  })

  it('carries no scope that its maker does not have', async () => {
    const { key } = await create({ scopes: ['tokens:write'] })
    const body = { scopes: ['api'] }
    const response = await fixture.call('POST', '/v1/user/keys', { headers: { 'x-api-key': key }, body })
    expect(response.status).toBe(403)
    const admin = await fixture.call('POST', '/v1/user/keys', { headers, body: { scopes: ['admin'] } })
    expect(admin.status).toBe(403)
  })

  it.each([59, 1.5, -1, 1e12, '60', null])('refuses a lifetime of %j', async (expires_in) => {
    const response = await fixture.call('POST', '/v1/user/keys', { headers, body: { expires_in } })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'expires_in_invalid' })
  })

  it('is refused a name over its limit rather than given a shorter one', async () => {
    const made = await createApiKey(apiKeysOf(fixture.context), {
      by: PROGRAM,
      account: USER,
      name: 'x'.repeat(101),
    })
    expect(made).toMatchObject({ denial: { code: 'input_invalid', detail: 'name: at most 100 characters.' } })
  })

  it('is one of at most a hundred of an account', async () => {
    for (let made = 0; made < 100; made++)
      must(await createApiKey(apiKeysOf(fixture.context), { by: PROGRAM, account: USER }))
    expect(refusalOf(await createApiKey(apiKeysOf(fixture.context), { by: PROGRAM, account: USER }))).toBe(
      'too_many_keys',
    )
  })

  it('of another account cannot be seen, revoked or rotated', async () => {
    const { key_id } = await create()
    headers = await sessionOf(fixture.context, 'thief@example.com')
    expect(await list()).toEqual([])
    expect((await fixture.call('DELETE', `/v1/user/keys/${key_id}`, { headers })).status).toBe(404)
    const path = `/v1/user/keys/${key_id}/rotate`
    expect((await fixture.call('POST', path, { headers, body: {} })).status).toBe(404)
  })
})
