import { beforeEach, describe, expect, it } from 'vitest'
import { createApiKey } from '../../src/api-keys/create.js'
import { identify } from '../../src/identify.js'
import { banAccount } from '../../src/standing/ban.js'
import { unbanAccount } from '../../src/standing/unban.js'
import { stillAllowed } from '../../src/still-allowed.js'
import { actingAs, must, PROGRAM, refusalOf } from '../gate-fixture.js'
import { type HttpFixture, httpFixture, sessionOf } from '../http/http-fixture.js'

const USER = 'user@example.com'
let fixture: HttpFixture
let headers: Record<string, string>

beforeEach(async () => {
  fixture = await httpFixture()
  headers = await sessionOf(fixture.deps, USER)
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
  return refusalOf(await identify(fixture.deps, new Map(), view)) ?? 'allow'
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
    expect(must(await identify(fixture.deps, new Map(), bearer))).toMatchObject({
      accountId: USER,
      credential: { kind: 'api_key', id: key_id },
    })
    const [listed] = await list()
    expect(listed).toMatchObject({ key_id, key_name: 'ci <b>', scopes: ['api'] })
    expect(JSON.stringify(listed)).not.toContain(key)
  })

  it('is kept as a hash that does not work as a key', async () => {
    const { key, key_id } = await create()
    const partition = fixture.deps.partitionOf(USER)
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
    const identity = must(await identify(fixture.deps, new Map(), view))
    expect(await stillAllowed(fixture.deps, identity)).toBe(true)
    must(await banAccount(fixture.deps, { account: USER, by: actingAs('root@example.com') }))
    expect(await verdict(banned.key)).toBe('account_banned')
    expect(await stillAllowed(fixture.deps, identity)).toBe(false)
    must(await unbanAccount(fixture.deps, { account: USER, by: actingAs('root@example.com') }))
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

  it('gets one successor when it is rotated by many at once', async () => {
    const old = await create()
    const path = `/v1/user/keys/${old.key_id}/rotate`
    const rotate = () => fixture.call('POST', path, { headers, body: { overlap_seconds: 0 } })
    const statuses = (await Promise.all(Array.from({ length: 10 }, rotate))).map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
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

  it('is one of at most a hundred of an account', async () => {
    for (let made = 0; made < 100; made++)
      must(await createApiKey(fixture.deps, { by: PROGRAM, account: USER }))
    expect(refusalOf(await createApiKey(fixture.deps, { by: PROGRAM, account: USER }))).toBe('too_many_keys')
  })

  it('of another account cannot be seen, revoked or rotated', async () => {
    const { key_id } = await create()
    headers = await sessionOf(fixture.deps, 'thief@example.com')
    expect(await list()).toEqual([])
    expect((await fixture.call('DELETE', `/v1/user/keys/${key_id}`, { headers })).status).toBe(404)
    const path = `/v1/user/keys/${key_id}/rotate`
    expect((await fixture.call('POST', path, { headers, body: {} })).status).toBe(404)
  })
})
