import { describe, expect, it } from 'vitest'
import type { RedisStoreOptions } from '../../src/redis/options.js'
import { endure } from './endure.js'
import type { FaultProxy } from './fault-proxy.js'
import { onStage, ROUNDS, type Stage, type StagedGate } from './stage.js'
import { until } from './until.js'

async function behindProxy(
  stage: Stage,
  options: Partial<RedisStoreOptions> = {},
): Promise<StagedGate & { proxy: FaultProxy }> {
  const server = await stage.redis()
  const proxy = await stage.proxy(server.port)
  return { ...(await stage.gate({ url: proxy.url, ...options })), proxy }
}

describe(
  'a gate whose connection to Redis fails: 503 while it lasts, nothing acknowledged undone, back within 5 s',
  ROUNDS,
  () => {
    it(
      'is reset again and again',
      onStage(async (stage) => {
        const { gate, proxy } = await behindProxy(stage)
        await endure(gate, {
          fault: async (traffic) => {
            for (let times = 0; times < 5; times++) {
              proxy.reset()
              await traffic.untilAllowed()
            }
          },
        })
      }),
    )

    it(
      'is refused for a while',
      onStage(async (stage) => {
        const { gate, proxy } = await behindProxy(stage)
        await endure(gate, {
          fault: async (traffic) => {
            proxy.reset({ refuseNew: true })
            await traffic.untilUnavailable()
            await traffic.untilUnavailable()
            proxy.inflict({ kind: 'pass' })
          },
        })
      }),
    )

    it(
      'stalls without being closed, then delivers what it held',
      onStage(async (stage) => {
        const { gate, proxy } = await behindProxy(stage)
        await endure(gate, {
          fault: async (traffic) => {
            proxy.inflict({ kind: 'stall' })
            await traffic.untilUnavailable()
            proxy.inflict({ kind: 'pass' })
          },
        })
      }),
    )

    it(
      'is slower than the deadline, and its watch slower than three heartbeats',
      onStage(async (stage) => {
        const { gate, proxy } = await behindProxy(stage)
        await endure(gate, {
          fault: async (traffic) => {
            proxy.inflict({ kind: 'delay', milliseconds: 900 })
            await traffic.untilUnavailable()
            proxy.inflict({ kind: 'pass' })
          },
        })
      }),
    )

    it(
      'breaks off in the middle of an answer, wherever that is',
      onStage(async (stage) => {
        const { gate, proxy } = await behindProxy(stage)
        await endure(gate, {
          fault: async (traffic) => {
            for (const bytes of [0, 1, 7, 100, 3000, 6000]) {
              const before = proxy.strikes
              proxy.inflict({ kind: 'truncate', bytes })
              await until('an answer is cut', 4000, () => proxy.strikes > before)
            }
            await traffic.untilUnavailable()
            proxy.inflict({ kind: 'pass' })
          },
        })
      }),
    )

    it(
      'goes silent for good, as when a middlebox forgets it: another one takes its place',
      onStage(async (stage) => {
        const { gate, proxy } = await behindProxy(stage)
        await endure(gate, {
          fault: async (traffic, administration) => {
            const felt = () => traffic.unavailable + administration.failed
            const before = felt()
            proxy.silenceOpen()
            await until('it is felt', 4000, () => felt() > before)
          },
        })
      }),
    )

    it(
      'breaks while the watch subscribes anew',
      onStage(async (stage) => {
        const { gate, proxy } = await behindProxy(stage)
        await endure(gate, {
          fault: async () => {
            for (let times = 0; times < 3; times++) {
              const before = proxy.strikes
              proxy.inflict({ kind: 'resetAfterRequest', containing: 'subscribe' })
              proxy.reset()
              await until('a subscription is cut', 4000, () => proxy.strikes > before)
            }
          },
        })
      }),
    )
  },
)

describe('a charge whose answer was lost', ROUNDS, () => {
  const spent = { collection: 'usage', id: 'spent' }
  const charge = (id: string) => ({
    writes: [{ add: spent, amount: 5 }],
    once: { key: id, expiresAt: Date.now() + 60_000 },
  })

  it(
    'is charged once, however often the caller repeats it: reset after Redis carried it out',
    onStage(async (stage) => {
      const { store, proxy } = await behindProxy(stage)
      for (const id of ['first-charge', 'second-charge', 'third-charge']) {
        const before = proxy.strikes
        proxy.inflict({ kind: 'resetAfterRequest', containing: id })
        await expect(store.commit('p', charge(id))).rejects.toThrow()
        // The deadline may have come before the answer that was not to come.
        await until('the connection is reset', 4000, () => proxy.strikes === before + 1)
        let repeated: unknown
        await until('the repeat is answered', 5000, async () => {
          repeated = await store.commit('p', charge(id)).catch(() => undefined)
          return repeated !== undefined
        })
        expect(repeated).toMatchObject({ committed: true, repeated: true })
      }
      expect((await store.read('p', [spent]))[0]?.value).toBe(15)
    }),
  )

  it(
    'is charged once when the first attempt is carried out after the repeat was sent',
    onStage(async (stage) => {
      const { store, proxy } = await behindProxy(stage)
      await store.commit('p', { writes: [{ add: spent, amount: 0 }] })
      proxy.inflict({ kind: 'stall' })
      const attempts = [1, 2, 3].map(() => store.commit('p', charge('late-charge')))
      for (const attempt of attempts) await expect(attempt).rejects.toThrow()
      proxy.inflict({ kind: 'pass' })
      await until('the repeat is answered', 5000, () =>
        store.commit('p', charge('late-charge')).then(
          () => true,
          () => false,
        ),
      )
      expect((await store.read('p', [spent]))[0]?.value).toBe(5)
    }),
  )

  it(
    'is not charged twice by the store itself, also without once',
    onStage(async (stage) => {
      const { store, proxy } = await behindProxy(stage)
      await store.commit('p', { writes: [{ add: spent, amount: 0 }] })
      const unnamed = { ...spent, id: 'unnamed' }
      proxy.inflict({ kind: 'resetAfterRequest', containing: 'unnamed' })
      await expect(store.commit('p', { writes: [{ add: unnamed, amount: 5 }] })).rejects.toThrow()
      await until('the store answers', 5000, () =>
        store.read('p', [unnamed]).then(
          ([record]) => record?.value === 5,
          () => false,
        ),
      )
    }),
  )
})
