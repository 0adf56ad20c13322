import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GateEvent } from '../../src/context/event.js'
import { createGate } from '../../src/gate/create-gate.js'
import { type LmdbStore, lmdbStore } from '../../src/lmdb/index.js'
import { gateFixture } from '../gate/gate-fixture.js'

const KEY = { collection: 'c', id: 'i' }
let directory: string
let store: LmdbStore

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-lmdb-'))
  const roomy = lmdbStore({ path: directory })
  await roomy.commit('p', { writes: [{ put: KEY, value: 1 }] })
  await roomy.close()
  // No file system has a terabyte free on a machine that runs tests; what is short is short.
  store = lmdbStore({ path: directory, reserveBytes: 2 ** 40 })
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

describe('LMDB on a disk that is nearly full', () => {
  it('refuses ordinary records, takes essential ones, lets records go', async () => {
    const ordinary = store.commit('p', { writes: [{ put: KEY, value: 2 }] })
    await expect(ordinary).rejects.toMatchObject({ code: 'store_unavailable' })
    const counted = store.commit('p', { writes: [{ add: { ...KEY, id: 'n' }, amount: 1 }] })
    await expect(counted).rejects.toMatchObject({ code: 'store_unavailable' })
    expect((await store.read('p', [KEY]))[0]?.value).toBe(1)
    const essential = await store.commit('p', { essential: true, writes: [{ put: KEY, value: 3 }] })
    expect(essential.committed).toBe(true)
    expect((await store.read('p', [KEY]))[0]?.value).toBe(3)
    expect((await store.commit('p', { writes: [{ delete: KEY }] })).committed).toBe(true)
    expect(await store.read('p', [KEY])).toEqual([undefined])
  })

  it('says so, and the gate reports it', async () => {
    const { ok, warnings } = await store.health()
    expect([ok, warnings.length]).toEqual([true, 1])
    const events: GateEvent[] = []
    const { options } = await gateFixture()
    await store.close()
    const first = await createGate({ ...options, store: lmdbStore({ path: directory, reserveBytes: 0 }) })
    await first.close()
    store = lmdbStore({ path: directory, reserveBytes: 2 ** 40 })
    const gate = await createGate({ ...options, store, onEvent: (event) => events.push(event) })
    await expect.poll(() => events.map(({ code }) => code)).toContain('store_degraded')
    const ready = await gate.handle(new Request('https://gate.test/ready'))
    expect([ready.status, await ready.json()]).toEqual([
      503,
      expect.objectContaining({ status: 'not_ready' }),
    ])
    await gate.close()
  })

  it('has room again once there is', async () => {
    await store.close()
    store = lmdbStore({ path: directory, reserveBytes: 1 })
    expect(await store.health()).toEqual({ ok: true, warnings: [] })
    expect((await store.commit('p', { writes: [{ put: KEY, value: 2 }] })).committed).toBe(true)
  })
})
