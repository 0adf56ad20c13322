import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisStore } from '../../src/redis/index.js'
import { redisUrlProblem } from '../../src/redis/url.js'
import { type RedisServer, startRedis } from './redis-server.js'

let server: RedisServer
let operator: Redis
const unhandled: unknown[] = []
const note = (cause: unknown) => void unhandled.push(cause)

beforeAll(async () => {
  process.on('unhandledRejection', note)
  server = await startRedis(['--databases', '4'])
  operator = new Redis(server.port, '127.0.0.1')
})
afterAll(async () => {
  process.off('unhandledRejection', note)
  operator.disconnect()
  await server.stop()
})

const record = { writes: [{ put: { collection: 'things', id: 'one' }, value: 'a' }] }

describe('a database of Redis', () => {
  it.each([
    'redis://h/abc',
    'redis://h/-1',
    'redis://h/3/4',
    'redis://h/03',
    'redis://h/3?db=99',
    'redis://h?commandTimeout=0',
    'redis://h/3?',
    'redis://h/3#1',
    'redis:///3',
    'redis:h',
    'http://h',
    'redis://:%zz@h',
  ])('that %s does not name is a mistake at start', (url) => {
    expect(() => redisStore({ url })).toThrow(
      expect.objectContaining({
        code: 'configuration_invalid',
        problems: [expect.stringMatching(/^redis\.url: /)],
      }),
    )
  })

  it('in a Cluster is 0', () => {
    expect(() => redisStore({ cluster: ['redis://h/0', 'redis://h/1'] })).toThrow(
      expect.objectContaining({ problems: ['redis.cluster[1]: a Cluster has database 0 alone'] }),
    )
  })

  it('of a client that is no number is a mistake, not a rejection that nobody handles', () => {
    const client = new Redis('redis://127.0.0.1/abc', { lazyConnect: true })
    expect(() => redisStore({ client })).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
    client.disconnect()
  })

  it('may be left out, or named with user and password', () => {
    for (const url of ['redis://h', 'redis://h/', 'rediss://u:p%40@h:1/0', 'redis://[::1]:6379/15'])
      expect(redisUrlProblem(url)).toBeUndefined()
  })

  it('is used', async () => {
    const store = redisStore({ url: `${server.url}/3`, commandTimeoutMs: 2000 })
    expect(await store.commit('p', record)).toMatchObject({ committed: true })
    await operator.select(3)
    expect(await operator.dbsize()).toBeGreaterThan(0)
    await operator.select(0)
    await store.close()
  })

  it.each([
    ['of its own', (url: string) => ({ url })],
    [
      'of the program',
      (url: string) => ({ client: new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => 20 }) }),
    ],
  ])('that the server does not have never becomes another, with a client %s', async (_, optionsFor) => {
    const options = optionsFor(`${server.url}/99`)
    const store = redisStore({ ...options, commandTimeoutMs: 1000 })
    for (let attempt = 0; attempt < 20; attempt++) {
      const failed = await store.commit('p', record).then(
        () => undefined,
        (cause: unknown) => cause,
      )
      expect(failed).toBeInstanceOf(Error)
    }
    const watch = await store.watch?.({ changed() {}, lost() {} })
    expect(watch?.vouching).toBe(false)
    await expect(store.health()).resolves.toMatchObject({ ok: false })
    await watch?.close()
    await store.close()
    if ('client' in options) options.client.disconnect()
    expect(await operator.dbsize()).toBe(0)
    expect(unhandled).toEqual([])
  })

  it('that the server does not have is the reason that an operator reads', async () => {
    const store = redisStore({ url: `${server.url}/99`, commandTimeoutMs: 1000 })
    const reasons: string[] = []
    for (let attempt = 0; attempt < 5; attempt++)
      await store.read('p', [{ collection: 'things', id: 'one' }]).catch((cause: Error) => {
        reasons.push(`${cause.message}: ${cause.cause instanceof Error ? cause.cause.message : ''}`)
      })
    expect(new Set(reasons)).toEqual(new Set(['Redis is not connected: ERR DB index is out of range']))
    await store.close()
  })
})
