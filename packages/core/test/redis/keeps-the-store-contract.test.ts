import { afterAll, beforeAll, describe, it } from 'vitest'
import { redisStore } from '../../src/redis/index.js'
import { storeCases } from '../../src/testing/store-cases.js'
import { type RedisServer, startRedis } from './redis-server.js'

describe('the Redis store', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())

  const cases = storeCases({
    open: async (clock) => redisStore({ url: server.url, clock, commandTimeoutMs: 5000 }),
  })
  for (const { name, run } of cases) it(name, run)
})
