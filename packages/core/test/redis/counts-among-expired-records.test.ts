import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { redisStore } from '../../src/redis/index.js'
import { type RedisServer, startRedis } from './redis-server.js'

const EXPIRED = 60_000
const LIVE = 3000
/** One call takes some milliseconds; the rest is for a busy machine. */
const SLOW_MS = 50

let server: RedisServer
let operator: Redis
beforeAll(async () => {
  server = await startRedis(['--slowlog-log-slower-than', String(SLOW_MS * 1000)])
  operator = new Redis(server.port, '127.0.0.1')
})
afterAll(async () => {
  operator.disconnect()
  await server.stop()
})

/** As commits leave them: `sort` is the number of the record; the live ones come last. */
async function populate(collection: string): Promise<void> {
  const key = `portcullis:{p}:${collection}`
  await operator.eval(
    `for i = 1, ARGV[1] + ARGV[2] do
       local deadline = i <= tonumber(ARGV[1]) and 1000 or 9000000000000
       redis.call('HSET', KEYS[1], i, 'v|' .. i .. '|' .. deadline .. '|1')
       redis.call('ZADD', KEYS[1] .. ':order', i, i)
       redis.call('ZADD', KEYS[1] .. ':deadlines', deadline, i)
     end`,
    1,
    key,
    EXPIRED,
    LIVE,
  )
}

/** Counts in every kind of range; answers how many commands took longer than they may. */
async function countEveryRange(): Promise<number> {
  await operator.flushall()
  await populate('c')
  const store = redisStore({ url: server.url, commandTimeoutMs: 5000 })
  await operator.call('SLOWLOG', 'RESET')
  const all = EXPIRED + LIVE
  for (const [range, expected] of [
    [{}, LIVE],
    [{ from: EXPIRED + 1 }, LIVE],
    [{ from: 500, to: EXPIRED + 10 }, 10],
    [{ to: EXPIRED }, 0],
    [{ from: 1, to: 900 }, 0],
    [{ from: EXPIRED - 400, to: EXPIRED + 500 }, 500],
    [{ from: all, to: all }, 1],
    [{ from: all + 1 }, 0],
  ] as const) {
    // What needs many records to be removed first says so, and is further along the next time.
    let counted: number | undefined
    for (let attempt = 0; attempt < 20 && counted === undefined; attempt++)
      counted = await store.count('p', 'c', range).catch(() => undefined)
    expect([range, counted]).toEqual([range, expected])
  }
  const slow = (await operator.call('SLOWLOG', 'LEN')) as number
  await store.close()
  return slow
}

it('counts within a range among very many expired records, exactly, at once, and holding nobody up', async () => {
  // A busy machine may take the processor away from Redis for a while, but not each time; too much work is slow always.
  let slow = await countEveryRange()
  for (let again = 0; slow > 0 && again < 4; again++) slow = await countEveryRange()
  expect(slow).toBe(0)
}, 120_000)

it('needs nothing removed where few are live, few are expired, or few lie in the range or outside', async () => {
  await operator.flushall()
  await populate('c')
  const store = redisStore({ url: server.url, commandTimeoutMs: 2000 })
  const before = await operator.hlen('portcullis:{p}:c')
  expect(await store.count('p', 'c', { from: EXPIRED - 100, to: EXPIRED + 100 })).toBe(100)
  expect(await store.count('p', 'c', { from: 5 - EXPIRED, to: EXPIRED + LIVE - 10 })).toBe(LIVE - 10)
  expect(await operator.hlen('portcullis:{p}:c')).toBe(before)
  await store.close()
}, 60_000)

it('counts also while Redis takes no writes and could not remove what has expired', async () => {
  await operator.flushall()
  await populate('c')
  const store = redisStore({ url: server.url, commandTimeoutMs: 2000 })
  await store.read('p', [{ collection: 'c', id: '1' }])
  await operator.config('SET', 'min-replicas-to-write', '1')
  try {
    expect(await store.count('p', 'c', { from: 500, to: EXPIRED + 10 })).toBe(10)
    expect(await store.count('p', 'c', { to: EXPIRED })).toBe(0)
  } finally {
    await operator.config('SET', 'min-replicas-to-write', '0')
    await store.close()
  }
})
