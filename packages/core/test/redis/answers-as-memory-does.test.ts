import fc from 'fast-check'
import { afterAll, beforeAll, it } from 'vitest'
import { redisStore } from '../../src/redis/index.js'
import { agreesWithMemory } from '../store/model.js'
import { type RedisServer, startRedis } from './redis-server.js'

let server: RedisServer
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())

it('Redis answers as the memory reference does, whatever is done to it', async () => {
  await fc.assert(
    agreesWithMemory(async (clock) => redisStore({ url: server.url, clock, commandTimeoutMs: 5000 })),
    { numRuns: 40 },
  )
}, 60_000)
