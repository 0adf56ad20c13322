import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { GateEvent } from '../../src/context/event.js'
import { device } from '../../src/device/plugin.js'
import { createGate } from '../../src/gate/create-gate.js'
import { oauth } from '../../src/oauth/plugin.js'
import { redisStore } from '../../src/redis/index.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { type RedisServer, startRedis } from './redis-server.js'

const WRITES = [{ put: { collection: 'c', id: 'ada@example.com' }, value: 'BCDF-GHJK' }] as const

let server: RedisServer
let operator: Redis
beforeEach(async () => {
  server = await startRedis([])
  operator = new Redis(server.port, '127.0.0.1')
})
afterEach(async () => {
  operator.disconnect()
  await server.stop()
})

const everythingOf = (value: unknown) =>
  inspect(value, { depth: 20, showHidden: true, maxStringLength: null })

it('a command that fails is reported without what it was about', async () => {
  const store = redisStore({ url: server.url })
  await store.commit('p', { writes: [{ put: { collection: 'c', id: 'other' }, value: 1 }] })
  for (const key of await operator.keys('*c*')) await operator.set(key, 'of another type')
  const failure = await store.commit('p', { writes: WRITES }).catch((cause: unknown) => cause)
  await store.close()
  expect(everythingOf(failure)).toMatch(/WRONGTYPE/)
  expect(everythingOf(failure)).not.toMatch(/ada@example|BCDF/)
})

it('a command that Redis does not know is reported without what Redis quotes of it', async () => {
  const strange = await startRedis(['--rename-command', 'EVALSHA', '', '--rename-command', 'EVAL', ''])
  const store = redisStore({ url: strange.url })
  const failure = await store.commit('ada@example.com', { writes: WRITES }).catch((cause: unknown) => cause)
  await store.close()
  await strange.stop()
  expect(everythingOf(failure)).toMatch(/unknown command/)
  expect(everythingOf(failure)).not.toMatch(/ada@example|BCDF|args beginning/)
})

it('no event of a gate quotes an argument of a command of Redis', async () => {
  const events: GateEvent[] = []
  const gate = await createGate({
    store: redisStore({ url: server.url }),
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    plugins: [oauth(), device()],
    onEvent: (event) => events.push(event),
  })
  for (const key of await operator.keys('*'))
    if ((await operator.type(key)) === 'hash') await operator.set(key, 'of another type')
  const request = new Request('https://gate.test/oauth2/device_authorization', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'client_id=portcullis-cli',
  })
  expect((await gate.handle(request)).status).toBe(503)
  await gate.close()
  expect(events.filter(({ level }) => level === 'error').length).toBeGreaterThan(0)
  expect(everythingOf(events)).not.toMatch(/command:|args:/)
})
