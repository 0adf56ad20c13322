import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { lmdbStore } from '../../src/lmdb/index.js'
import { redisStore } from '../../src/redis/index.js'
import type { Store } from '../../src/store/store.js'
import { issueToken } from '../../src/tokens/issue.js'
import { must, PROGRAM } from '../gate/gate-fixture.js'
import { startRedis } from '../redis/redis-server.js'
import { apiKeyOf, type HttpFixture, httpFixture, sessionOf } from './http-fixture.js'

const USER = 'user@example.com'
const ADMIN = 'admin@example.com'
const TOKENS = 7
const LISTS: readonly (readonly [path: string, who: 'user' | 'admin'])[] = [
  ['/api/token/list', 'user'],
  ['/v1/user/keys', 'user'],
  ['/api/admin/tokens', 'admin'],
  ['/api/admin/tokens?status=active', 'admin'],
  [`/api/admin/tokens/${USER}`, 'admin'],
  ['/api/admin/audit', 'admin'],
  ['/api/admin/audit/verify', 'admin'],
]

interface StoreToStop {
  readonly store: Store
  /** From here on it takes no ordinary writes. Answers the store to go on with. */
  stopWrites(): Promise<Store>
  stop(): Promise<void>
}

async function redisThat(refuses: (operator: Redis) => Promise<unknown>): Promise<StoreToStop> {
  const server = await startRedis(['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'])
  const operator = new Redis(server.port, '127.0.0.1')
  const store = redisStore({ url: server.url, commandTimeoutMs: 5000 })
  return {
    store,
    async stopWrites() {
      await refuses(operator)
      return store
    },
    async stop() {
      await store.close()
      operator.disconnect()
      await server.stop()
    },
  }
}

async function lmdbOnAFullDisk(): Promise<StoreToStop> {
  const directory = await mkdtemp(path.join(tmpdir(), 'portcullis-lmdb-'))
  let store = lmdbStore({ path: directory })
  return {
    store,
    async stopWrites() {
      await store.close()
      // No file system has a terabyte free on a machine that runs tests.
      store = lmdbStore({ path: directory, reserveBytes: 2 ** 40 })
      return store
    },
    async stop() {
      await store.close()
      await rm(directory, { recursive: true })
    },
  }
}

const STORES: readonly (readonly [name: string, open: () => Promise<StoreToStop>])[] = [
  ['Redis is at its maxmemory', () => redisThat((operator) => operator.config('SET', 'maxmemory', '1mb'))],
  [
    'Redis misses replicas that it has to write to',
    () => redisThat((operator) => operator.config('SET', 'min-replicas-to-write', '1')),
  ],
  ['the disk of LMDB is full', lmdbOnAFullDisk],
]

/** Every page of a list, two items at a time. */
async function readAll({ call }: HttpFixture, list: string, headers: Record<string, string>) {
  const statuses: number[] = []
  let items = 0
  let cursor: string | undefined
  do {
    const url = new URL(list, 'https://gate.test')
    if (!list.includes('verify') && !list.includes('keys')) url.searchParams.set('limit', '2')
    if (cursor !== undefined) url.searchParams.set('cursor', cursor)
    const response = await call('GET', url.pathname + url.search, { headers })
    statuses.push(response.status)
    const body = (await response.json()) as Record<string, unknown> & { next_cursor?: string }
    items += [body.tokens, body.keys, body.entries].flat().filter((item) => typeof item === 'object').length
    cursor = body.next_cursor
  } while (cursor !== undefined)
  return { statuses: [...new Set(statuses)], items }
}

describe.each(STORES)('while %s', (_name, open) => {
  it('every list answers to its last page, and what is not audited is reported', async () => {
    const opened = await open()
    const setUp = await httpFixture({ store: opened.store, clock: Date.now, storeDeadlineMs: 5000 })
    for (let count = 0; count < TOKENS; count++)
      must(await issueToken(setUp.context, { by: PROGRAM, account: USER }))
    await apiKeyOf(setUp.context, USER, ['api'])
    const headers = {
      user: await sessionOf(setUp.context, USER),
      admin: await sessionOf(setUp.context, ADMIN),
    }
    const store = await opened.stopWrites()
    const fixture =
      store === opened.store ? setUp : await httpFixture({ store, clock: Date.now, storeDeadlineMs: 5000 })
    await expect(issueToken(fixture.context, { by: PROGRAM, account: USER })).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    for (const [list, who] of LISTS)
      expect([list, await readAll(fixture, list, headers[who])]).toEqual([
        list,
        {
          statuses: [200],
          items: list.includes('tokens') || list.includes('token/list') ? TOKENS : expect.any(Number),
        },
      ])
    await expect.poll(() => fixture.events.map(({ code }) => code)).toContain('audit_failed')
    await opened.stop()
  })
})
