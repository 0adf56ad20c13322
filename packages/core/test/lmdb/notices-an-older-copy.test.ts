import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LmdbStore, lmdbStore } from '../../src/lmdb/index.js'

const KEY = { collection: 'c', id: 'i' }
let directory: string
let now: number
const opened: LmdbStore[] = []

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1)
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-lmdb-'))
})
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  await rm(directory, { recursive: true })
})

function openStore(): LmdbStore {
  const store = lmdbStore({
    path: path.join(directory, 'store'),
    witness: { path: path.join(directory, 'witness') },
    clock: () => now,
  })
  opened.push(store)
  return store
}

const ban = (store: LmdbStore, value: number) =>
  store.commit('p', { confirm: true, writes: [{ put: KEY, value }] })

async function copyStore(from: string, to: string) {
  await rm(path.join(directory, to), { recursive: true, force: true })
  await cp(path.join(directory, from), path.join(directory, to), { recursive: true })
}

describe('an LMDB store with a witness', () => {
  it('has lost nothing when it is opened again, by several processes too', async () => {
    const first = openStore()
    await ban(first, 1)
    const beside = openStore()
    await ban(beside, 2)
    await ban(first, 3)
    await first.close()
    await beside.close()
    const again = openStore()
    expect(again.lossOf?.('p')).toBeUndefined()
    expect((await again.health()).warnings).toEqual([])
  })

  it('says that an older copy was put back, to every process, until that is accepted', async () => {
    const store = openStore()
    await ban(store, 1)
    await store.close()
    await copyStore('store', 'backup')
    const later = openStore()
    await ban(later, 2)
    await later.close()
    await copyStore('backup', 'store')
    now += 5000
    const restored = openStore()
    expect(restored.lossOf?.('p')).toBe(now)
    expect((await restored.health()).warnings).toHaveLength(1)
    const beside = openStore()
    expect(beside.lossOf?.('p')).toBe(now)
    await restored.acceptLoss?.()
    expect([restored.lossOf?.('p'), beside.lossOf?.('p')]).toEqual([undefined, undefined])
    await restored.close()
    await beside.close()
    expect(openStore().lossOf?.('p')).toBeUndefined()
  })

  it('notices the same copy when it is put back once more after the loss was accepted', async () => {
    const store = openStore()
    await ban(store, 1)
    await store.close()
    await copyStore('store', 'backup')
    const later = openStore()
    await ban(later, 2)
    await later.close()
    for (let round = 0; round < 2; round++) {
      await copyStore('backup', 'store')
      const restored = openStore()
      expect(restored.lossOf?.('p')).toBe(now)
      await restored.acceptLoss?.()
      await restored.close()
    }
  })

  it('notices a copy that went on by itself and has seen more bans by now', async () => {
    const store = openStore()
    await ban(store, 1)
    await store.close()
    await copyStore('store', 'elsewhere')
    const here = openStore()
    await ban(here, 2)
    await here.close()
    const elsewhere = lmdbStore({ path: path.join(directory, 'elsewhere'), clock: () => now })
    for (let value = 10; value < 15; value++) await ban(elsewhere, value)
    await elsewhere.close()
    await copyStore('elsewhere', 'store')
    expect(openStore().lossOf?.('p')).toBe(now)
  })

  it('notices that the store is gone altogether', async () => {
    const store = openStore()
    await ban(store, 1)
    await store.close()
    await rm(path.join(directory, 'store'), { recursive: true })
    expect(openStore().lossOf?.('p')).toBe(now)
  })

  it('is not to be kept with what it watches over', () => {
    const problem = expect.objectContaining({ code: 'configuration_invalid' })
    for (const inside of ['store', 'store/witness'])
      expect(() =>
        lmdbStore({ path: path.join(directory, 'store'), witness: { path: path.join(directory, inside) } }),
      ).toThrow(problem)
  })
})
