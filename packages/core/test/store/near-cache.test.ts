import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/store/memory.js'
import { withNearCache } from '../../src/store/near-cache.js'
import type { Store, WatchListener } from '../../src/store/store.js'
import { withFaults } from '../gate-fixture.js'

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
    put: (given: number, expiresAt?: number) =>
      store.commit('p', {
        writes: [{ put: KEY, value: given, ...(expiresAt === undefined ? {} : { expiresAt }) }],
      }),
  }
}

describe('the near cache', () => {
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
    await put(1, 1_000_010)
    expect(await value()).toBe(1)
    advance(10)
    expect(await value()).toBeUndefined()
  })

  it('passes by for records that change without notice', async () => {
    const { near, state } = await bench()
    for (let round = 0; round < 3; round++) await near.read('p', [KEY, OTHER])
    expect(state.reads).toBe(3)
  })

  it('keeps no more partitions than it may, the recently used ones', async () => {
    const { value, state } = await bench(2)
    for (const partition of ['a', 'b', 'a', 'c', 'a']) await value(partition)
    expect(state.reads).toBe(3)
    await value('b')
    expect(state.reads).toBe(4)
  })

  it('is nothing but the store where that cannot watch', async () => {
    const store = withFaults(memoryStore(), {})
    expect(await withNearCache(store, { clock: Date.now, collections: new Set(), capacity: 1 })).toBe(store)
  })
})
