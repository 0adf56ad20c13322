import { describe, expect, it } from 'vitest'
import { createGate } from '../../src/gate/create-gate.js'
import { redisStore } from '../../src/redis/index.js'
import type { RedisStoreOptions } from '../../src/redis/options.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { freePort } from '../redis/redis-server.js'
import type { FaultProxy } from './fault-proxy.js'
import { onStage, ROUNDS } from './stage.js'
import { castOf } from './token.js'
import { until } from './until.js'

/** One place for each, so that what one leaves open is not taken for another's. */
async function failToStartAt(findPlace: () => Promise<string>): Promise<void> {
  const [single, sentinel, node] = [await findPlace(), await findPlace(), await findPlace()]
  await Promise.all([
    failToStart({ url: `redis://${single}` }),
    failToStart({ sentinels: { hosts: [sentinel], name: 'main' } }),
    failToStart({ cluster: [`redis://${node}`] }),
  ])
}

/** A gate that cannot start leaves its store to whoever made it. */
async function failToStart(options: RedisStoreOptions): Promise<void> {
  const store = redisStore(options)
  const before = performance.now()
  const starting = createGate({
    store,
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
  })
  const failure = await starting.then(
    () => 'it started',
    (cause: unknown) => cause,
  )
  const took = performance.now() - before
  await store.close()
  expect(failure).toMatchObject({ code: 'store_unavailable' })
  expect(took).toBeLessThan(500)
}

describe('a gate that is closed during a fault leaves no socket and no timer open', ROUNDS, () => {
  it.each(['stall', 'reset'] as const)(
    '%s, with requests under way, each of which is refused',
    async (kind) =>
      onStage(async (stage) => {
        const server = await stage.redis()
        const proxy = await stage.proxy(server.port)
        const { gate } = await stage.gate({ url: proxy.url, heartbeatMs: 50 })
        const { good } = await castOf(gate)
        if (kind === 'stall') proxy.inflict({ kind })
        else proxy.reset({ refuseNew: true })
        const issuing = Array.from({ length: 5 }, () => gate.tokens.issue({ account: 'late@example.com' }))
        const answers = Promise.allSettled([...issuing, gate.authenticate(good.request)])
        await gate.close()
        for (const answer of (await answers).slice(0, 5))
          expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } })
        await expect(gate.authenticate(good.request)).rejects.toMatchObject({ code: 'store_unavailable' })
      })(),
  )

  it(
    'and that could not start: nobody listens where Redis, its sentinel or its nodes should be',
    onStage(async () => failToStartAt(async () => `127.0.0.1:${await freePort()}`)),
  )

  it(
    'and that could not start: Redis, its sentinel or its nodes accept connections and say nothing',
    onStage(async (stage) => {
      const server = await stage.redis()
      const proxies: FaultProxy[] = []
      await failToStartAt(async () => {
        const proxy = await stage.proxy(server.port)
        proxy.inflict({ kind: 'stall' })
        proxies.push(proxy)
        return `127.0.0.1:${proxy.port}`
      })
      const open = () => proxies.map(({ connections }) => connections)
      await until('no connection is left open', 3000, () => open().every((count) => count === 0)).catch(
        () => {},
      )
      expect(open()).toEqual([0, 0, 0])
    }),
  )
})
