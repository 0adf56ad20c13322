import { describe, expect, it } from 'vitest'
import { withDeadline } from '../../src/store/deadline.js'
import { memoryStore } from '../../src/store/memory.js'
import { withFaults } from '../gate/gate-fixture.js'

const KEY = { collection: 'c', id: 'i' }

/** A store that holds on to every call for as long as it is stalled. */
function stalling() {
  const inner = memoryStore()
  const state = { isStalled: true, reached: 0 }
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const reach = async () => {
    state.reached += 1
    if (state.isStalled) await released
  }
  const store = withFaults(inner, {
    async read(...input) {
      await reach()
      return inner.read(...input)
    },
    async commit(...input) {
      await reach()
      return inner.commit(...input)
    },
  })
  return {
    state,
    bounded: withDeadline(store, 30),
    answerAgain() {
      state.isStalled = false
      release()
    },
  }
}

const outcomeOf = (calls: readonly Promise<unknown>[]) => Promise.allSettled(calls)

describe('a store that stalls', () => {
  it('is not handed ever more calls, and takes them again once it answers', async () => {
    const { bounded, state, answerAgain } = stalling()
    for (let round = 0; round < 3; round++)
      await outcomeOf(Array.from({ length: 1000 }, () => bounded.read('p', [KEY])))
    expect(state.reached).toBeLessThanOrEqual(1020)
    const start = performance.now()
    const settled = await outcomeOf(Array.from({ length: 1000 }, () => bounded.read('p', [KEY])))
    expect(settled.every(({ status }) => status === 'rejected')).toBe(true)
    expect(performance.now() - start).toBeLessThan(1000)
    answerAgain()
    await expect.poll(() => bounded.read('p', [KEY]).catch(() => 'rejected')).toEqual([undefined])
    const all = await outcomeOf(Array.from({ length: 1000 }, () => bounded.read('p', [KEY])))
    expect(all.every(({ status }) => status === 'fulfilled')).toBe(true)
  })

  it('is handed bans and revocations all the same', async () => {
    const { bounded, state } = stalling()
    await outcomeOf(Array.from({ length: 1000 }, () => bounded.read('p', [KEY])))
    const ordinary = Array.from({ length: 50 }, () => bounded.commit('p', { writes: [] }))
    const before = state.reached
    const essential = bounded.commit('p', { essential: true, writes: [] })
    const confirmed = bounded.commit('p', { confirm: true, writes: [] })
    await outcomeOf([...ordinary, essential, confirmed])
    expect(state.reached - before).toBeLessThanOrEqual(12)
    expect(state.reached - before).toBeGreaterThanOrEqual(2)
  })
})
