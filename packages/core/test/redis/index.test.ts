import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGate } from '../../src/gate/create-gate.js'
import type { Gate } from '../../src/gate/gate.js'
import { redisStore } from '../../src/redis/index.js'
import { must, SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { type RedisServer, startRedis } from './redis-server.js'

let server: RedisServer
let operator: Redis

beforeAll(async () => {
  server = await startRedis(['--appendonly', 'yes'])
  operator = new Redis(server.port, '127.0.0.1')
})
afterAll(async () => {
  operator.disconnect()
  await server.stop()
})

function openGate(prefix: string): Promise<Gate> {
  return createGate({
    store: redisStore({ url: server.url, prefix, heartbeatMs: 50 }),
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    superAdmins: ['root@example.com'],
  })
}

const head = (token: string) => ({ method: 'GET', target: '/', rawHeaders: ['x-api-key', token] })

async function commandsSoFar(): Promise<number> {
  const info = await operator.info('stats')
  return Number(/total_commands_processed:(\d+)/.exec(info)?.[1])
}

describe('a gate on Redis', () => {
  it('asks Redis nothing for a known token, and hears of a ban by another gate', async () => {
    const [gate, other] = [await openGate('steady'), await openGate('steady')]
    const { token } = must(await gate.tokens.issue({ account: 'user@example.com' }))
    // Until the watch vouches and what was just written is known, reads go to the store.
    await expect
      .poll(async () => {
        await gate.authenticate(head(token))
        const before = await commandsSoFar()
        for (let call = 0; call < 200; call++) await gate.authenticate(head(token))
        return (await commandsSoFar()) - before
      })
      // The heartbeats of two gates and the question itself.
      .toBeLessThan(20)
    must(await other.standing.ban({ account: 'user@example.com', by: { service: 'test' } }))
    await expect
      .poll(async () => (await gate.authenticate(head(token))).outcome, { interval: 5, timeout: 1000 })
      .toBe('deny')
    await Promise.all([gate.close(), other.close()])
  })

  it('never lists keys, names no e-mail in a key, and keeps no secret in a value', async () => {
    const monitor = await new Redis(server.port, '127.0.0.1').monitor()
    const seen: string[] = []
    monitor.on('monitor', (_time, command: string[]) => seen.push(command.join(' ')))
    const gate = await openGate('monitored')
    const { token, info } = must(await gate.tokens.issue({ account: 'user@example.com' }))
    await gate.authenticate(head(token))
    must(await gate.tokens.revoke({ account: 'user@example.com', id: info.id, by: { service: 'test' } }))
    await gate.tokens.listAll({ limit: 50 })
    await gate.close()
    monitor.disconnect()

    expect(seen.length).toBeGreaterThan(10)
    expect(seen.filter((command) => /^(keys|scan|flushall|flushdb)\b/i.test(command))).toEqual([])
    const everything = seen.join('\n')
    for (const secret of [token, token.split('.')[2] ?? '', SECRET, SIGNING_SECRET])
      expect(everything).not.toContain(secret)
    const keys = await operator.keys('monitored:*')
    expect(keys.length).toBeGreaterThan(3)
    for (const key of keys) expect(key).not.toMatch(/@|example\.com/)
  })

  it('lets the keys of an account expire by themselves where all of it has deadlines', async () => {
    const store = redisStore({ url: server.url, prefix: 'mortal' })
    const expiresAt = Date.now() + 60_000
    await store.commit('p', { writes: [{ put: { collection: 'c', id: 'i' }, value: 1, expiresAt }] })
    const deadlinesOfKeys = async () => {
      const keys = await operator.keys('mortal:{p}*')
      return new Set(await Promise.all(keys.map((key) => operator.pexpiretime(key))))
    }
    expect(await deadlinesOfKeys()).toEqual(new Set([expiresAt]))
    await store.commit('p', { writes: [{ put: { collection: 'c', id: 'forever' }, value: 1 }] })
    expect(await deadlinesOfKeys()).toEqual(new Set([-1]))
    await store.close()
  })

  it('works on after Redis has forgotten its scripts', async () => {
    const store = redisStore({ url: server.url, prefix: 'scripts' })
    const add = { collection: 'c', id: 'i' }
    await store.commit('p', { writes: [{ add, amount: 1 }] })
    await operator.script('FLUSH')
    expect(await store.commit('p', { writes: [{ add, amount: 1 }] })).toMatchObject({ totals: [2] })
    await store.close()
  })

  it('says what an operator should know of the server', async () => {
    const store = redisStore({ url: server.url })
    await operator.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const unwell = await store.health()
    await operator.config('SET', 'maxmemory-policy', 'noeviction')
    expect(unwell).toEqual({ ok: true, warnings: [expect.stringContaining('noeviction')] })
    expect(await store.health()).toEqual({ ok: true, warnings: [] })
    await store.close()
  })

  it.each([
    {},
    { url: 'http://localhost' },
    { url: 'redis://localhost', cluster: ['redis://localhost'] },
    { sentinels: { hosts: ['nonsense'], name: 'm' } },
    { url: 'redis://localhost', prefix: 'a:b' },
    { url: 'redis://localhost', commandTimeoutMs: 1 },
  ])('does not start with %j', (options) => {
    expect(() => redisStore(options)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
  })
})
