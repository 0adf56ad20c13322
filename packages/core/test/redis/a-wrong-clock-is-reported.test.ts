import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GateEvent } from '../../src/context/event.js'
import { createGate } from '../../src/gate/create-gate.js'
import type { GateOptions } from '../../src/gate/gate-options.js'
import { redisStore } from '../../src/redis/index.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { type RedisServer, startRedis } from './redis-server.js'

let server: RedisServer
beforeAll(async () => {
  server = await startRedis(['--appendonly', 'yes'])
})
afterAll(() => server.stop())

const WARNING = expect.stringContaining('The clock of this machine and that of Redis differ')

function storeAhead(milliseconds: number, more: { maxClockSkewMs?: number } = {}) {
  return redisStore({ url: server.url, clock: () => Date.now() + milliseconds, ...more })
}

function gateAhead(milliseconds: number, options: Partial<GateOptions> = {}) {
  return createGate({
    store: storeAhead(milliseconds),
    clock: () => Date.now() + milliseconds,
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    ...options,
  })
}

describe('a machine whose clock is not that of Redis', () => {
  it.each([
    [3_600_000, {}, [WARNING]],
    [-3_600_000, {}, [WARNING]],
    [2500, {}, [WARNING]],
    [1500, {}, []],
    [-1500, {}, []],
    [1500, { maxClockSkewMs: 1000 }, [WARNING]],
  ])('by %i ms with %j is told of it only past the bound', async (milliseconds, more, warnings) => {
    const store = storeAhead(milliseconds, more)
    expect((await store.health()).warnings).toEqual(warnings)
    await store.close()
  })

  it('is degraded, says so once, and does not start where the options refuse that', async () => {
    const events: GateEvent[] = []
    const gate = await gateAhead(3_600_000, { onEvent: (event) => events.push(event) })
    for (let asked = 0; asked < 3; asked++) {
      const ready = await gate.handle(new Request('https://gate.test/ready'))
      expect(await ready.json()).toMatchObject({ warnings: [WARNING] })
    }
    expect(events.filter(({ code }) => code === 'store_degraded')).toEqual([
      expect.objectContaining({ level: 'warn', detail: WARNING }),
    ])
    await gate.close()
    await expect(gateAhead(3_600_000, { onStoreDegraded: 'refuse' })).rejects.toMatchObject({
      code: 'configuration_invalid',
      problems: [expect.stringContaining('clock')],
    })
  })
})
