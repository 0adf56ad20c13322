import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { GateOptions } from '../../src/options.js'
import { redisStore } from '../../src/redis/index.js'
import { type HttpFixture, httpFixture, sessionOf } from '../http/http-fixture.js'
import { type RedisServer, startRedis } from './redis-server.js'

let master: RedisServer
let replica: RedisServer
let fixture: HttpFixture

beforeAll(async () => {
  master = await startRedis(['--appendonly', 'yes', '--repl-diskless-sync-delay', '0'])
  replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)])
  const store = redisStore({ url: master.url, wait: { replicas: 1, timeoutMs: 300 } })
  const options: Partial<GateOptions> = { store, clock: Date.now, storeDeadlineMs: 2000 }
  fixture = await httpFixture(options)
  await vi.waitFor(async () => expect((await ban('warmup@example.com')).replication?.confirmed).toBe(1), {
    timeout: 10_000,
  })
})
afterAll(async () => {
  await fixture?.deps.store.close()
  await replica?.stop()
  await master?.stop()
})

interface Answer {
  readonly message: string
  readonly replication?: { requested: number; confirmed: number }
}

async function ban(email: string): Promise<Answer> {
  const response = await fixture.call('POST', '/api/admin/sessions/revoke-user', {
    headers: await sessionOf(fixture.deps, 'admin@example.com'),
    body: { user_email: email },
  })
  return (await response.json()) as Answer
}

describe('a gate that waits for replicas', () => {
  it('says that a ban has reached them', async () => {
    const answer = await ban('user@example.com')
    expect(answer).toMatchObject({
      message: 'The account is banned.',
      replication: { requested: 1, confirmed: 1 },
    })
  })

  it('says honestly that it has not, and the ban holds all the same', async () => {
    replica.signal('SIGSTOP')
    try {
      const answer = await ban('other@example.com')
      expect(answer.replication).toEqual({ requested: 1, confirmed: 0 })
      expect(answer.message).toContain('only 0 of 1 replicas confirmed it')
      const headers = await sessionOf(fixture.deps, 'admin@example.com')
      const again = await fixture.call('DELETE', '/api/admin/sessions/unban/other@example.com', { headers })
      expect(again.status).toBe(200)
    } finally {
      replica.signal('SIGCONT')
    }
  })

  it('holds up nobody else while it waits', async () => {
    replica.signal('SIGSTOP')
    try {
      const { store, partitionOf } = fixture.deps
      const banned = ban('third@example.com')
      let reads = 0
      let isOver = false
      void banned.finally(() => {
        isOver = true
      })
      while (!isOver) {
        await store.read(partitionOf('reader@example.com'), [{ collection: 'c', id: 'i' }])
        reads += 1
      }
      expect((await banned).replication?.confirmed).toBe(0)
      expect(reads).toBeGreaterThan(50)
    } finally {
      replica.signal('SIGCONT')
    }
  })

  it('says it of revoked tokens and forced logouts too', async () => {
    const headers = await sessionOf(fixture.deps, 'owner@example.com')
    const minted = await fixture.call('POST', '/api/token/generate', { headers, body: {} })
    const { token_id } = (await minted.json()) as { token_id: string }
    const revoke = await fixture.call('POST', '/api/token/revoke', { headers, body: { token_id } })
    expect(await revoke.json()).toMatchObject({ replication: { requested: 1 } })
    const admin = await sessionOf(fixture.deps, 'admin@example.com')
    for (const path of ['/api/admin/sessions/force-logout', '/api/admin/tokens/revoke-user']) {
      const answer = await fixture.call('POST', path, {
        headers: admin,
        body: { user_email: 'owner@example.com' },
      })
      expect(await answer.json()).toMatchObject({ replication: { requested: 1 } })
    }
  })
})
