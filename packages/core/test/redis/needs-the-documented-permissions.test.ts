import { readFile } from 'node:fs/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { redisStore } from '../../src/redis/index.js'
import { type RedisServer, startRedis } from './redis-server.js'

let server: RedisServer
beforeAll(async () => {
  server = await startRedis(['--appendonly', 'yes'])
})
afterAll(() => server.stop())

it('needs no more permissions than the documentation names', async () => {
  const documentation = await readFile(new URL('../../../../docs/redis.md', import.meta.url), 'utf8')
  const [, permissions = ''] = /A user of its own with `([^`]+)`/.exec(documentation) ?? []
  expect(permissions).toContain('+@scripting')
  const operator = new Redis(server.port, '127.0.0.1')
  const rules = [
    'on',
    '>password',
    'resetchannels',
    '~portcullis:*',
    '&portcullis:*',
    ...permissions.split(' '),
  ]
  await operator.call('ACL', 'SETUSER', 'gate', ...rules)
  const store = redisStore({
    url: `redis://gate:password@127.0.0.1:${server.port}`,
    heartbeatMs: 50,
    wait: { replicas: 1, timeoutMs: 10 },
  })
  const watch = await store.watch?.({ changed: () => {}, lost: () => {} })
  const put = { collection: 'c', id: 'i' }
  const result = await store.commit('p', { confirm: true, essential: true, writes: [{ put, value: 1 }] })
  expect(result).toMatchObject({ committed: true, replication: { requested: 1, confirmed: 0 } })
  expect(await store.read('p', [put])).toMatchObject([{ value: 1 }])
  expect((await store.page('p', 'c', { limit: 1 })).records).toHaveLength(1)
  expect(await store.count('p', 'c', { from: 0 })).toBe(1)
  expect(await store.health()).toEqual({ ok: true, warnings: [] })
  await store.acceptLoss?.()
  await expect.poll(() => watch?.vouching).toBe(true)
  const refused = (await operator.call('ACL', 'LOG')) as unknown[]
  expect(refused).toEqual([])
  await store.close()
  operator.disconnect()
})
