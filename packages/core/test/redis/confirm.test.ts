import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { listAudit } from '../../src/audit/list.js'
import type { GateOptions } from '../../src/gate/gate-options.js'
import { redisStore } from '../../src/redis/index.js'
import { type HttpFixture, httpFixture, sessionOf } from '../http/http-fixture.js'
import { type RedisServer, startRedis } from './redis-server.js'

let master: RedisServer
let replica: RedisServer
let fixture: HttpFixture

beforeAll(async () => {
  master = await startRedis(['--appendonly', 'yes', '--repl-diskless-sync-delay', '0'])
  replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)])
  const store = redisStore({ url: master.url, wait: { replicas: 1, timeoutMs: 300 }, commandTimeoutMs: 1500 })
  const options: Partial<GateOptions> = { store, clock: Date.now, storeDeadlineMs: 2000 }
  fixture = await httpFixture(options)
  await vi.waitFor(async () => expect((await ban('warmup@example.com')).replication?.confirmed).toBe(1), {
    timeout: 10_000,
  })
})
afterAll(async () => {
  await fixture?.context.store.close()
  await replica?.stop()
  await master?.stop()
})

interface Answer {
  readonly message: string
  readonly replication?: { requested: number; confirmed: number }
}

async function ban(email: string): Promise<Answer> {
  const response = await fixture.call('POST', '/api/admin/sessions/revoke-user', {
    headers: await sessionOf(fixture.context, 'admin@example.com'),
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
      const headers = await sessionOf(fixture.context, 'admin@example.com')
      const again = await fixture.call('DELETE', '/api/admin/sessions/unban/other@example.com', { headers })
      expect(again.status).toBe(200)
    } finally {
      replica.signal('SIGCONT')
    }
  })

  it('answers twenty bans at once in the time of one, and none is taken for failed', async () => {
    replica.signal('SIGSTOP')
    try {
      const start = performance.now()
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, number) => ban(`at-once-${number}@example.com`)),
      )
      const took = performance.now() - start
      expect(answers).toEqual(
        answers.map(() => expect.objectContaining({ replication: { requested: 1, confirmed: 0 } })),
      )
      expect(took).toBeLessThan(4000)
      const { items } = await listAudit(fixture.context, { limit: 200 })
      const bans = items.filter(({ subject }) => subject?.startsWith('at-once-'))
      expect(bans).toHaveLength(20)
      expect(bans.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    } finally {
      replica.signal('SIGCONT')
    }
  })

  it('confirms what was committed while others were waited for', async () => {
    await vi.waitFor(async () => expect((await ban('caught-up@example.com')).replication?.confirmed).toBe(1))
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, number) => ban(`confirmed-${number}@example.com`)),
    )
    expect(answers).toEqual(
      answers.map(() => expect.objectContaining({ replication: { requested: 1, confirmed: 1 } })),
    )
  })

  it('waits within what the store says of itself, however many wait', async () => {
    replica.signal('SIGSTOP')
    const store = redisStore({
      url: master.url,
      wait: { replicas: 1, timeoutMs: 100 },
      commandTimeoutMs: 2000,
    })
    try {
      const key = { collection: 'c', id: 'i' }
      await store.read('p', [key])
      const commits = Array.from({ length: 100 }, async (_, number) => {
        await new Promise((resolve) => setTimeout(resolve, 5 * number))
        const start = performance.now()
        const result = await store.commit('p', { confirm: true, writes: [{ add: key, amount: 1 }] })
        expect(result).toMatchObject({ committed: true, replication: { requested: 1, confirmed: 0 } })
        return performance.now() - start
      })
      // The rest is for the commit itself on a busy machine.
      expect(Math.max(...(await Promise.all(commits)))).toBeLessThan((store.confirmsWithinMs ?? 0) + 250)
    } finally {
      replica.signal('SIGCONT')
      await store.close()
    }
  })

  it('holds up nobody else while it waits', async () => {
    replica.signal('SIGSTOP')
    try {
      const { store, partitionOf } = fixture.context
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
      expect(reads).toBeGreaterThan(10)
    } finally {
      replica.signal('SIGCONT')
    }
  })

  it('says it of revoked tokens and forced logouts too', async () => {
    const headers = await sessionOf(fixture.context, 'owner@example.com')
    const issued = await fixture.call('POST', '/api/token/generate', { headers, body: {} })
    const { token_id } = (await issued.json()) as { token_id: string }
    const revoke = await fixture.call('POST', '/api/token/revoke', { headers, body: { token_id } })
    expect(await revoke.json()).toMatchObject({ replication: { requested: 1 } })
    const admin = await sessionOf(fixture.context, 'admin@example.com')
    for (const path of ['/api/admin/sessions/force-logout', '/api/admin/tokens/revoke-user']) {
      const answer = await fixture.call('POST', path, {
        headers: admin,
        body: { user_email: 'owner@example.com' },
      })
      expect(await answer.json()).toMatchObject({ replication: { requested: 1 } })
    }
  })
})
