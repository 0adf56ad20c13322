import { afterAll, beforeAll, describe, it } from 'vitest'
import { redisStore } from '../../src/redis/index.js'
import { storeCases } from '../../src/testing/store-cases.js'
import { type RedisCluster, startCluster } from './cluster.js'

describe('the Redis store on a cluster of three', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster?.stop())

  const cases = storeCases({
    open: async (clock) => redisStore({ cluster: cluster.urls, clock, commandTimeoutMs: 5000 }),
  })
  for (const { name, run } of cases) it(name, run)
})
