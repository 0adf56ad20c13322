import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GateEvent } from '../../src/context/event.js'
import { StoreFullError } from '../../src/errors/portcullis-error.js'
import { createGate } from '../../src/gate/create-gate.js'
import type { Gate } from '../../src/gate/gate.js'
import { redisStore } from '../../src/redis/index.js'
import type { Store } from '../../src/store/store.js'
import { must, SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { type RedisServer, startRedis } from './redis-server.js'

const ROOM = 6 * 1024 * 1024
const USER = 'user@example.com'

let server: RedisServer
let operator: Redis
let store: Store

beforeEach(async () => {
  server = await startRedis(['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'])
  operator = new Redis(server.port, '127.0.0.1')
  await operator.config('SET', 'maxmemory', String((await usedMemory()) + ROOM))
  store = redisStore({ url: server.url, heartbeatMs: 50, commandTimeoutMs: 1000 })
})
afterEach(async () => {
  await store.close()
  operator.disconnect()
  await server.stop()
})

async function usedMemory(): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await operator.info('memory'))?.[1])
}

/** Ordinary records until no more are taken, also small ones. */
async function fill(upTo = Number.POSITIVE_INFINITY): Promise<void> {
  for (const size of [100_000, 5000, 100])
    for (let id = 0; ; id++) {
      if ((await usedMemory()) >= upTo) return
      const put = { collection: `ordinary-${size}`, id: String(id) }
      const isTaken = await store.commit('filler', { writes: [{ put, value: 'x'.repeat(size) }] }).then(
        () => true,
        () => false,
      )
      if (!isTaken) break
    }
  // Buffers come and go; what was full stays so.
  await operator.config('SET', 'maxmemory', String((await usedMemory()) - 65_536))
}

describe('a Redis that ordinary records have filled to its maxmemory', () => {
  it('takes essential batches, with their marks and deadlines, and lists with cursors', async () => {
    await store.commit('p', {
      writes: [1, 2, 3].map((id) => ({ put: { collection: 'c', id: `${id}` }, value: id })),
    })
    await fill()
    for (let id = 0; id < 200; id++)
      expect(
        await store.commit('p', {
          confirm: true,
          essential: true,
          writes: [{ put: { collection: 'c', id: `essential-${id}` }, value: 'x'.repeat(200) }],
        }),
      ).toMatchObject({ committed: true })
    const first = await store.page('p', 'c', { limit: 2 })
    expect((await store.page('p', 'c', { limit: 2, cursor: first.nextCursor ?? '' })).records).toHaveLength(2)
  })

  it('refuses ordinary ones, whole, and says why', async () => {
    const [old, replacement] = [
      { collection: 'c', id: 'old' },
      { collection: 'c', id: 'new' },
    ]
    await store.commit('p', { writes: [{ put: old, value: 1 }] })
    await fill()
    const refused = store.commit('p', { writes: [{ put: replacement, value: 2 }, { delete: old }] })
    await expect(refused).rejects.toBeInstanceOf(StoreFullError)
    await expect(refused).rejects.toMatchObject({ code: 'store_unavailable' })
    expect((await store.read('p', [old, replacement])).map((record) => record?.value)).toEqual([1, undefined])
    expect((await store.health()).warnings).toEqual([expect.stringContaining('full')])
  })

  it('is announced before it is so', async () => {
    const [, most = ''] = (await operator.config('GET', 'maxmemory')) as string[]
    await fill(Number(most) * 0.92)
    expect((await store.health()).warnings).toEqual([expect.stringContaining('90 %')])
  })

  it('notices a loss, and a gate that is new learns of it', async () => {
    await store.commit('p', {
      confirm: true,
      writes: [{ put: { collection: 'c', id: 'revoked' }, value: 1 }],
    })
    await fill()
    await operator.del('portcullis:{gate}:epoch')
    await store.read('p', [{ collection: 'c', id: 'i' }])
    expect(store.lossOf?.('p')).toBeGreaterThan(0)
    const fresh = redisStore({ url: server.url })
    await fresh.read('p', [{ collection: 'c', id: 'i' }])
    expect(fresh.lossOf?.('p')).toBe(store.lossOf?.('p'))
    await fresh.close()
  })
})

describe('a gate whose Redis is full', () => {
  let gate: Gate
  let events: GateEvent[]
  beforeEach(async () => {
    events = []
    gate = await createGate({
      store,
      publicUrl: 'https://gate.test',
      secret: SECRET,
      keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
      onEvent: (event) => events.push(event),
    })
  })
  afterEach(() => gate.close())

  it('lifts bans, forced logouts and deactivations: what administrators do to a standing is essential', async () => {
    const by = { service: 'test' } as const
    must(await gate.standing.ban({ account: USER, by }))
    await fill()
    must(await gate.standing.unban({ account: USER, by }))
    await expect(gate.tokens.issue({ account: USER })).rejects.toMatchObject({ code: 'store_unavailable' })
    must(await gate.standing.ban({ account: USER, by }))
    must(await gate.standing.unban({ account: USER, by }))
    await operator.config('SET', 'maxmemory', '0')
    must(await gate.tokens.issue({ account: USER }))
  })

  it('bans, revokes and ends, lets in who is good, and issues nothing', async () => {
    const by = { service: 'test' } as const
    const outcomeOf = async (token: string) =>
      (await gate.authenticate({ method: 'GET', target: '/', rawHeaders: ['x-api-key', token] })).outcome
    const good = must(await gate.tokens.issue({ account: 'good@example.com' }))
    const revoked = must(await gate.tokens.issue({ account: USER }))
    const banned = must(await gate.tokens.issue({ account: 'banned@example.com' }))
    await fill()
    must(await gate.tokens.revoke({ account: USER, id: revoked.info.id, by }))
    must(await gate.standing.ban({ account: 'banned@example.com', by }))
    must(await gate.tokens.revokeAll({ account: USER, by }))
    must(await gate.standing.forceLogout({ account: USER, by }))
    expect(await Promise.all([good, revoked, banned].map(({ token }) => outcomeOf(token)))).toEqual([
      'allow',
      'deny',
      'deny',
    ])
    await fill()
    await expect(gate.tokens.issue({ account: 'new@example.com' })).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    expect(events.filter(({ code }) => code === 'store_full')).toHaveLength(1)
  })
})
