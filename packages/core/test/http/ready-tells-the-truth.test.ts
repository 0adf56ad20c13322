import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'
import { TestClock } from '../gate/gate-fixture.js'
import { httpFixture } from './http-fixture.js'

/** A store that can be told to take no writes, and says what it was asked. */
function storeWithSwitch() {
  const clock = new TestClock()
  const memory = memoryStore({ clock: clock.read })
  const state = { isFull: false, writes: 0 }
  const store: Store = {
    ...memory,
    commit(...input) {
      state.writes += 1
      return state.isFull ? Promise.reject(new Error('no room')) : memory.commit(...input)
    },
  }
  return { store, clock: clock.read, state, advance: (ms: number) => clock.advance(ms) }
}

describe('/ready', () => {
  it('is 200 while store and provider answer', async () => {
    const { call } = await httpFixture()
    const response = await call('GET', '/ready')
    expect([response.status, await response.json()]).toMatchObject([200, { store: true }])
  })

  it('is 503 with a store that answers reads and takes no writes, until it takes them again', async () => {
    const { store, clock, state, advance } = storeWithSwitch()
    const { call } = await httpFixture({ store, clock })
    state.isFull = true
    const full = await call('GET', '/ready')
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await full.json()).toMatchObject({
      status: 'not_ready',
      store: false,
      warnings: expect.arrayContaining(['The store takes no writes.']),
    })
    state.isFull = false
    advance(1000)
    expect((await call('GET', '/ready')).status).toBe(200)
  })

  it('writes one record and once a second, however often a stranger asks', async () => {
    const { store, clock, state } = storeWithSwitch()
    const { call } = await httpFixture({ store, clock })
    const before = [state.writes, await store.count('gate', 'gate')]
    for (let asked = 0; asked < 50; asked++) await call('GET', '/ready')
    expect([state.writes, await store.count('gate', 'gate')]).toEqual([
      Number(before[0]) + 1,
      Number(before[1]) + 1,
    ])
  })
})
