import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createGate } from '../../src/gate/create-gate.js'
import type { Gate } from '../../src/gate/gate.js'
import { redisStore } from '../../src/redis/index.js'
import { must, SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { type RedisCluster, startCluster } from './cluster.js'

let cluster: RedisCluster
let gate: Gate

beforeAll(async () => {
  cluster = await startCluster()
  gate = await createGate({
    store: redisStore({ cluster: cluster.urls, heartbeatMs: 50 }),
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    storeDeadlineMs: 2000,
  })
})
afterAll(async () => {
  await gate?.close()
  await cluster?.stop()
})

it('refuses the accounts of the node that came back empty, and nobody else', async () => {
  const accounts = Array.from({ length: 12 }, (_, index) => `user-${index}@example.com`)
  const tokens: string[] = []
  for (const account of accounts) tokens.push(must(await gate.tokens.issue({ account })).token)
  const judge = async (token: string) => {
    try {
      const view = { method: 'GET', target: '/', rawHeaders: ['x-api-key', token] }
      const decision = await gate.authenticate(view)
      return decision.outcome === 'deny' ? decision.denial.code : decision.outcome
    } catch {
      return 'unavailable'
    }
  }
  const verdicts = () => Promise.all(tokens.map(judge))
  expect(new Set(await verdicts())).toEqual(new Set(['allow']))

  const [node] = cluster.nodes
  node?.signal('SIGKILL')
  await node?.restart()
  // Until the watch misses the node, what was known before is still known.
  let after: string[] = []
  await vi.waitFor(
    async () => {
      after = await verdicts()
      expect(after).not.toContain('unavailable')
      expect(after).toContain('issued_before_loss')
    },
    { timeout: 10_000, interval: 50 },
  )
  expect(new Set(after)).toEqual(new Set(['allow', 'issued_before_loss']))

  must(await gate.store.acceptLoss({ by: { service: 'test' } }))
  const accepted = after.map((verdict) => (verdict === 'allow' ? 'allow' : 'token_invalid'))
  await expect.poll(verdicts, { timeout: 5000, interval: 50 }).toEqual(accepted)
}, 30_000)
