import { PortcullisError } from '@portcullis/core'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../packages/core/test/redis/redis-server.js'
import { createLogger } from '../src/logging.js'
import { readSettings } from '../src/settings.js'
import { awaitStore, openStore } from '../src/store.js'

const servers: RedisServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function redis(settings: readonly string[]): Promise<RedisServer> {
  const server = await startRedis(settings)
  servers.push(server)
  return server
}

/** What a start says, and how long it took to. */
async function start(url: string, waitSeconds: string) {
  const settings = {
    ...readSettings({ REDIS_URL: url, STORE_WAIT_SECONDS: waitSeconds }),
    witnessDir: undefined,
  }
  let logged = ''
  const log = createLogger('debug', {
    write(line) {
      logged += line
    },
  })
  const store = openStore(settings)
  const began = performance.now()
  const error = await awaitStore(store, settings, log).then(
    () => undefined,
    (cause: unknown) => cause,
  )
  await store.close()
  const problems = error instanceof PortcullisError ? error.problems : []
  return { problems, logged, seconds: (performance.now() - began) / 1000 }
}

describe('a start on Redis', () => {
  it('that is full and new waits as for any other, and names host and reason', async () => {
    const server = await redis(['--maxmemory', '1mb'])
    const { problems, logged, seconds } = await start(server.url, '1')
    expect(problems).toEqual([
      expect.stringMatching(new RegExp(`^The store at 127\\.0\\.0\\.1:${server.port} .*waited 1 s`)),
    ])
    expect(problems.join()).toMatch(/full|OOM|memory/i)
    expect(logged).toContain('waiting for the store')
    expect(seconds).toBeGreaterThan(0.9)
  })

  it.each([
    ['a wrong password', 'the right password', ':wrong-password@', '', /WRONGPASS/],
    ['a password that is missing', 'the right password', '', '', /NOAUTH/],
    ['a database that there is not', '', '', '/99', /DB index/],
  ])('ends at once by its reason: %s', async (_, password, credentials, database, reason) => {
    const { port } = await redis([])
    const operator = new Redis(port, '127.0.0.1')
    await operator.config('SET', 'requirepass', password)
    operator.disconnect()
    const { problems, seconds } = await start(`redis://${credentials}127.0.0.1:${port}${database}`, '30')
    expect(problems).toEqual([expect.stringMatching(`The store at 127.0.0.1:${port}.* refuses`)])
    expect(problems.join()).toMatch(reason)
    expect(problems.join()).not.toContain('wrong-password')
    expect(seconds).toBeLessThan(5)
  })
})
