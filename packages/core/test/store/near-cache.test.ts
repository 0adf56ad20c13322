import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/store/memory.js'
import { withNearCache } from '../../src/store/near-cache.js'
import type { Store, WatchListener } from '../../src/store/store.js'
import { withFaults } from '../gate/gate-fixture.js'

const KEY = { collection: 'standing', id: 's' }
const OTHER = { collection: 'use', id: 'u' }

/** A store whose notices and reads are in the hands of the test. */
async function bench(capacity = 10) {
  let now = 1_000_000
  const store = memoryStore({ clock: () => now })
  const state = { reads: 0, isVouching: true, beforeAnswer: async () => {} }
  let listener: WatchListener | undefined
  const counted: Store = {
    ...withFaults(store, {
      async read(...input) {
        state.reads += 1
        const answer = await store.read(...input)
        await state.beforeAnswer()
        return answer
      },
    }),
    async watch(heard) {
      listener = heard
      return {
        get vouching() {
          return state.isVouching
        },
        close: async () => {},
      }
    },
  }
  const options = { clock: () => now, collections: new Set(['standing']), capacity }
  const near = await withNearCache(counted, options)
  const value = async (partition = 'p') => (await near.read(partition, [KEY]))[0]?.value
  return {
    near,
    store,
    state,
    value,
    advance: (milliseconds: number) => {
      now += milliseconds
    },
    notice: (partition: string) => listener?.changed(partition),
    lose: () => listener?.lost(),
    put: (
      given: number | string,
      { partition = 'p', ...deadline }: { partition?: string; expiresAt?: number } = {},
    ) => store.commit(partition, { writes: [{ put: KEY, value: given, ...deadline }] }),
  }
}

describe('the near cache', () => {
  it('keeps what nobody who read it can change', async () => {
    const { near, store, value } = await bench()
    await store.commit('p', { writes: [{ put: KEY, value: { scopes: ['api'] } }] })
    const read = (await value()) as unknown as { scopes: string[] }
    expect(() => read.scopes.push('admin')).toThrow(TypeError)
    const [record] = await near.read('p', [KEY])
    expect(() => Object.assign(record ?? {}, { value: 1 })).toThrow(TypeError)
    expect(await value()).toEqual({ scopes: ['api'] })
  })

  it('reads a record once, and one that is absent too', async () => {
    const { near, value, state, put } = await bench()
    await put(1)
    expect([await value(), await value(), await value()]).toEqual([1, 1, 1])
    const absent = { collection: 'standing', id: 'absent' }
    for (let round = 0; round < 3; round++) expect(await near.read('p', [absent])).toEqual([undefined])
    expect(state.reads).toBe(2)
  })

  it('forgets a partition at the notice of a change, and no other', async () => {
    const { value, state, put, notice } = await bench()
    await put(1)
    await value()
    await value('q')
    await put(2)
    notice('p')
    expect(await value()).toBe(2)
    await value('q')
    expect(state.reads).toBe(3)
  })

  it('does not keep what a change overtook while it was read', async () => {
    const { value, state, put, notice } = await bench()
    await put(1)
    state.beforeAnswer = async () => {
      state.beforeAnswer = async () => {}
      await put(2)
      notice('p')
    }
    expect(await value()).toBe(1)
    expect(await value()).toBe(2)
  })

  it('does not keep what was read while the watch was lost, though it is vouching again', async () => {
    const { value, state, put, lose } = await bench()
    await put(1)
    state.beforeAnswer = async () => {
      state.beforeAnswer = async () => {}
      await put(2)
      lose()
    }
    expect(await value()).toBe(1)
    expect(await value()).toBe(2)
  })

  it('answers from the store alone while nobody vouches', async () => {
    const { value, state, put } = await bench()
    await put(1)
    await value()
    state.isVouching = false
    await put(2)
    expect([await value(), await value()]).toEqual([2, 2])
    expect(state.reads).toBe(3)
  })

  it('sees what this process commits at once, also when the answer to the commit is lost', async () => {
    const { near, value, store } = await bench()
    await near.commit('p', { writes: [{ put: KEY, value: 1 }] })
    expect(await value()).toBe(1)
    await store.commit('p', { writes: [{ put: KEY, value: 2 }] })
    const lost = near.commit('p', { writes: [{ add: KEY, amount: Number.NaN }] })
    await expect(lost).rejects.toThrow()
    expect(await value()).toBe(2)
  })

  it('lets a record go at its deadline', async () => {
    const { value, put, advance } = await bench()
    await put(1, { expiresAt: 1_000_010 })
    expect(await value()).toBe(1)
    advance(10)
    expect(await value()).toBeUndefined()
  })

  it('passes by for records that change without notice', async () => {
    const { near, state } = await bench()
    for (let round = 0; round < 3; round++) await near.read('p', [KEY, OTHER])
    expect(state.reads).toBe(3)
  })

  it('keeps no more records than it may, the recently used ones', async () => {
    const { value, state, put } = await bench(2)
    for (const partition of ['a', 'b', 'c']) await put(1, { partition })
    for (const partition of ['a', 'b', 'a', 'c', 'a']) await value(partition)
    expect(state.reads).toBe(3)
    await value('b')
    expect(state.reads).toBe(4)
  })

  it('keeps fewer records when they are large', async () => {
    const { value, state, put } = await bench(100)
    for (let index = 0; index < 10; index++) await put('x'.repeat(50_000), { partition: String(index) })
    for (let index = 0; index < 10; index++) await value(String(index))
    await value('9')
    expect(state.reads).toBe(10)
    await value('0')
    expect(state.reads).toBe(11)
  })

  it('a flood of invented credentials takes no real account from it', async () => {
    const { near, value, state, put } = await bench(1000)
    for (let index = 0; index < 900; index++) await put(index, { partition: `real-${index}` })
    for (let index = 0; index < 900; index++) await value(`real-${index}`)
    for (let index = 0; index < 20_000; index++) {
      await near.read(`invented-${index}`, [KEY, { collection: 'standing', id: `secret-${index}` }])
      await near.read(`real-${index % 900}`, [KEY, { collection: 'standing', id: `guess-${index}` }])
    }
    state.reads = 0
    for (let index = 0; index < 900; index++) expect(await value(`real-${index}`)).toBe(index)
    expect(state.reads).toBe(0)
  })

  it('whoever has an account displaces nobody with credentials of their own', async () => {
    const { near, value, state, put, store } = await bench(1000)
    await put(1)
    await value()
    for (let index = 0; index < 2000; index++) {
      const key = { collection: 'standing', id: `token-${index}` }
      await store.commit('mine', { writes: [{ put: key, value: 0 }] })
      await near.read('mine', [KEY, key])
    }
    state.reads = 0
    await value()
    expect(state.reads).toBe(0)
  })

  it('never answers with what was acknowledged to be gone, however reads, changes and notices cross', async () => {
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    const turns = async () => {
      for (let turn = random(6); turn > 0; turn--) await Promise.resolve()
    }
    const { near, store, state, value, notice, lose } = await bench(3)
    state.beforeAnswer = turns
    /** What a reader must see at least: the value of the last change that was acknowledged or noticed. */
    const least = new Map<string, number>()
    let next = 1
    const act = async () => {
      const partition = `p${random(4)}`
      const kind = random(10)
      if (kind < 6) {
        const expected = least.get(partition) ?? 0
        expect(Number((await value(partition)) ?? 0)).toBeGreaterThanOrEqual(expected)
      } else if (kind < 8) {
        const given = next++
        await near.commit(partition, { writes: [{ put: KEY, value: given }] })
        least.set(partition, Math.max(given, least.get(partition) ?? 0))
      } else if (kind === 8) {
        const given = next++
        await store.commit(partition, { writes: [{ put: KEY, value: given }] })
        await turns()
        notice(partition)
        least.set(partition, Math.max(given, least.get(partition) ?? 0))
      } else lose()
    }
    for (let round = 0; round < 300; round++)
      await Promise.all(Array.from({ length: 20 }, () => turns().then(act)))
  })

  it('is nothing but the store where that cannot watch', async () => {
    const store = withFaults(memoryStore(), {})
    expect(await withNearCache(store, { clock: Date.now, collections: new Set(), capacity: 1 })).toBe(store)
  })
})
