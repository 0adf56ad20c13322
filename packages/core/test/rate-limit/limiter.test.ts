import { describe, expect, it } from 'vitest'
import type { GateEvent } from '../../src/context/event.js'
import { createRateLimiter, type RateLimiter } from '../../src/rate-limit/limiter.js'
import { type RateLimits, resolveRateLimits } from '../../src/rate-limit/limits.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Batch, CommitResult, Store } from '../../src/store/store.js'
import { TestClock } from '../gate/gate-fixture.js'

interface Process {
  readonly limiter: RateLimiter
  readonly events: GateEvent[]
}

function stage(limits: Partial<RateLimits> = {}) {
  const clock = new TestClock()
  const store = memoryStore({ clock: clock.read })
  const commits: { partition: string; batch: Batch }[] = []
  const counted: Pick<Store, 'commit'> = {
    commit(partition, batch) {
      commits.push({ partition, batch })
      return store.commit(partition, batch)
    },
  }
  const start = (over: Pick<Store, 'commit'> = counted): Process => {
    const events: GateEvent[] = []
    const limiter = createRateLimiter({
      limits: resolveRateLimits(limits, []),
      store: over,
      clock: clock.read,
      nameOf: (client) => `name of ${client}`,
      report: (event) => events.push(event),
    })
    return { limiter, events }
  }
  return { clock, store, commits, start }
}

/** How many of so many quick ones pass. */
function passed(limiter: RateLimiter, times: number, address = '203.0.113.5'): number {
  let count = 0
  for (let at = 0; at < times; at++) if (!limiter.refuseAddress('guesses', address)) count += 1
  return count
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('one process', () => {
  it('lets as many pass as the limit says, and says how long to wait', () => {
    const { limiter } = stage().start()
    expect(passed(limiter, 300)).toBe(240)
    const refusal = limiter.refuseAddress('guesses', '203.0.113.5')
    expect(refusal).toMatchObject({ code: 'rate_limited', status: 429 })
    expect(refusal?.retryAfterSeconds).toBeGreaterThan(0)
  })

  it('a burst at the turn of a minute does not pass twice', () => {
    const { clock, start } = stage()
    const { limiter } = start()
    clock.advance(59_900)
    expect(passed(limiter, 150)).toBe(150)
    clock.advance(200)
    expect(passed(limiter, 150)).toBeLessThan(100)
  })

  it.each([0, 20_000, 59_000])('who waits for as long as it says gets through, after %i ms', (after) => {
    const { clock, start } = stage()
    const { limiter } = start()
    clock.advance(after)
    passed(limiter, 300)
    const refusal = limiter.refuseAddress('guesses', '203.0.113.5')
    clock.advance((refusal?.retryAfterSeconds ?? 0) * 1000)
    expect(passed(limiter, 1)).toBe(1)
  })

  it('what is refused does not count: a flood does not keep its address out for longer', () => {
    const { clock, start } = stage()
    const { limiter } = start()
    passed(limiter, 10_000)
    clock.advance(120_000)
    expect(passed(limiter, 300)).toBe(240)
  })

  it('limits each address, each kind and each account by itself', () => {
    const { limiter } = stage().start()
    passed(limiter, 300)
    expect(limiter.refuseAddress('guesses', '203.0.113.6')).toBe(undefined)
    expect(limiter.refuseAddress('logins', '203.0.113.5')).toBe(undefined)
    expect(limiter.refuseClient('guesses', 'account ada@example.com')).toBe(undefined)
  })

  it('an IPv6 host is its /64, whichever of its addresses it sends from', () => {
    const { limiter } = stage().start()
    let count = 0
    for (let at = 0; at < 300; at++)
      if (!limiter.refuseAddress('guesses', `2001:db8:1:2::${at.toString(16)}`)) count += 1
    expect(count).toBe(240)
    expect(limiter.refuseAddress('guesses', '2001:db8:1:3::1')).toBe(undefined)
  })

  it('counts nothing that has no address, and says so once', () => {
    const { limiter, events } = stage().start()
    for (let at = 0; at < 300; at++) expect(limiter.refuseAddress('guesses', undefined)).toBe(undefined)
    expect(events.map(({ code }) => code)).toEqual(['client_address_unknown'])
  })

  it('a limit that is off is off', () => {
    const { limiter, events } = stage({ guessesPerMinute: 'off' }).start()
    expect(passed(limiter, 1000)).toBe(1000)
    expect(limiter.refuseAddress('guesses', undefined)).toBe(undefined)
    expect(events).toEqual([])
  })
})

describe('what it writes', () => {
  it('a million addresses with one request each leave no record, and no more memory than is bounded', () => {
    const { commits, start } = stage()
    const { limiter, events } = start()
    for (let at = 0; at < 1_000_000; at++)
      limiter.refuseAddress('guesses', `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`)
    expect(commits).toEqual([])
    expect(events.map(({ code }) => code)).toEqual(['rate_limits_overflowing'])
  })

  it('who has done much is not forgotten for a crowd that has done little', () => {
    const { limiter } = stage().start()
    passed(limiter, 240)
    for (let at = 0; at < 100_000; at++)
      limiter.refuseAddress('guesses', `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`)
    expect(passed(limiter, 1)).toBe(0)
  })

  it('a flood costs no command beyond what passes: each quiet, short-lived, never essential', async () => {
    const { clock, commits, start } = stage()
    const { limiter } = start()
    for (let at = 0; at < 1000; at++) {
      limiter.refuseAddress('guesses', '203.0.113.5')
      await settled()
    }
    expect(commits.length).toBeGreaterThan(0)
    expect(commits.length).toBeLessThanOrEqual(240)
    for (const { batch } of commits) {
      expect(batch).toMatchObject({ quiet: true, writes: [{ add: { collection: 'rate-limits' } }] })
      expect(batch.essential).toBe(undefined)
      const [write] = batch.writes
      const expiresAt = write && 'expiresAt' in write ? (write.expiresAt ?? 0) : 0
      expect(expiresAt - clock.now).toBeLessThanOrEqual(120_000)
    }
  })

  it('a process begins a bounded number of counters a minute', async () => {
    const { store, commits, start } = stage({ guessesPerMinute: 20 })
    const { limiter } = start()
    for (let at = 0; at < 11_000; at++) {
      for (let time = 0; time < 2; time++) limiter.refuseAddress('guesses', `10.0.${at >> 8}.${at & 255}`)
      await Promise.resolve()
      await Promise.resolve()
      if (at % 16 === 0) await settled()
    }
    await settled()
    const names = new Set(commits.map(({ batch: { writes } }) => JSON.stringify(writes[0])))
    expect(names.size).toBeGreaterThan(5000)
    expect(names.size).toBeLessThanOrEqual(10_000)
    expect(new Set(commits.map(({ partition }) => partition)).size).toBeLessThanOrEqual(16)
    await store.close()
  }, 60_000)
})

describe('several processes on one store', () => {
  it('count together', async () => {
    const { start } = stage()
    const limiters = [start(), start(), start(), start()].map(({ limiter }) => limiter)
    let count = 0
    for (let at = 0; at < 600; at++) {
      const limiter = limiters[at % 4] as RateLimiter
      if (!limiter.refuseAddress('guesses', '203.0.113.5')) count += 1
      await settled()
    }
    expect(count).toBeLessThanOrEqual(240 + 3 * 15)
    expect(count).toBeGreaterThanOrEqual(230)
  })

  it('a stalled store makes nobody wait: each limits by its own count, and says so', async () => {
    const { clock, start } = stage()
    let asked = 0
    const stalled = {
      commit: () => {
        asked += 1
        return new Promise<CommitResult>(() => {})
      },
    }
    expect(passed(start(stalled).limiter, 300)).toBe(240)
    expect(asked).toBe(1)

    const failing = {
      commit: () => {
        asked += 1
        return Promise.reject(new Error('down'))
      },
    }
    asked = 0
    const { limiter, events } = start(failing)
    let count = 0
    for (let at = 0; at < 300; at++) {
      if (!limiter.refuseAddress('guesses', '203.0.113.5')) count += 1
      await settled()
    }
    expect(count).toBe(240)
    expect(asked).toBe(1)
    expect(events.map(({ code }) => code)).toEqual(['rate_limits_unshared'])
    clock.advance(120_000)
    passed(limiter, 40)
    await settled()
    expect(asked).toBe(2)
  })
})

describe('the options', () => {
  it('all can be off, or each', () => {
    expect(Object.values(resolveRateLimits('off', []))).toEqual(Array(6).fill('off'))
    expect(resolveRateLimits({ loginsPerMinute: 'off', tokensPerMinute: 7 }, [])).toMatchObject({
      loginsPerMinute: 'off',
      tokensPerMinute: 7,
      guessesPerMinute: 240,
    })
  })

  it('every wrong one is a problem', () => {
    const problems: string[] = []
    resolveRateLimits({ loginsPerMinute: 0, tokensPerMinute: 1.5, loginPerMinute: 3 } as never, problems)
    expect(problems).toHaveLength(3)
  })
})
