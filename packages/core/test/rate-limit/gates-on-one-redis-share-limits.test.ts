import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GateEvent } from '../../src/context/event.js'
import { createGate } from '../../src/gate/create-gate.js'
import type { Gate } from '../../src/gate/gate.js'
import { redisStore } from '../../src/redis/index.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { type RedisServer, startRedis } from '../redis/redis-server.js'

let redis: RedisServer
let gates: Gate[]
const events: GateEvent[] = []

beforeAll(async () => {
  redis = await startRedis()
  gates = await Promise.all(
    [1, 2, 3].map(() =>
      createGate({
        store: redisStore({ url: redis.url }),
        publicUrl: 'https://gate.test',
        secret: SECRET,
        keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
        onEvent: (event) => events.push(event),
      }),
    ),
  )
})

afterAll(async () => {
  for (const gate of gates) await gate.close()
  await redis.stop()
})

async function guess(gate: Gate | undefined, address: string): Promise<string> {
  const rawHeaders = ['authorization', 'Bearer guess']
  const view = { method: 'GET', target: '/v1/models', rawHeaders, remoteAddress: address }
  const decision = await gate?.authenticate(view)
  return decision?.outcome === 'deny' ? decision.denial.code : 'passed'
}

describe('three gates on one Redis', () => {
  it('limit an address together', async () => {
    const codes: string[] = []
    for (let at = 0; at < 450; at += 3) {
      codes.push(...(await Promise.all(gates.map((gate) => guess(gate, '203.0.113.5')))))
      // A round trip of the store.
      await gates[0]?.sessions.list({ account: 'ada@example.com', limit: 1 })
    }
    const answered = codes.filter((code) => code === 'token_malformed').length
    expect(answered).toBeGreaterThan(200)
    expect(answered).toBeLessThan(300)
  })

  it('limit each by itself while Redis hangs, without a wait of their own, and say so', async () => {
    redis.signal('SIGSTOP')
    try {
      const began = performance.now()
      const codes: string[] = []
      for (let at = 0; at < 300; at++) codes.push(await guess(gates[0], '203.0.113.6'))
      expect(performance.now() - began).toBeLessThan(2000)
      expect(codes.filter((code) => code === 'token_malformed')).toHaveLength(240)
      while (!events.some(({ code }) => code === 'rate_limits_unshared'))
        await new Promise((resolve) => setTimeout(resolve, 10))
    } finally {
      redis.signal('SIGCONT')
    }
  })
})
