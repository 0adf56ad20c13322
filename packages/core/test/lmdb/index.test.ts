import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LmdbStore, lmdbStore } from '../../src/lmdb/index.js'

let directory: string
let store: LmdbStore
let now: number

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1)
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-lmdb-'))
  store = lmdbStore({ path: path.join(directory, 'store'), clock: () => now })
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

describe('the LMDB store', () => {
  it('frees what is past its deadline, no more than asked at once, and nothing else', async () => {
    await store.commit('p', {
      writes: Array.from({ length: 30 }, (_, index) => ({
        put: { collection: 'c', id: String(index) },
        value: index,
        ...(index < 20 ? { expiresAt: now + 1 + index } : {}),
      })),
    })
    expect(await store.compact()).toBe(0)
    now += 10
    expect(await store.compact(4)).toBe(4)
    expect(await store.compact()).toBe(6)
    now += 1000
    expect(await store.compact()).toBe(10)
    expect(await store.compact()).toBe(0)
    expect(await store.count('p', 'c')).toBe(10)
  })

  it('opens again with everything in it', async () => {
    const put = { collection: 'c', id: 'i' }
    await store.commit('p', { writes: [{ put, value: 'kept' }] })
    await store.close()
    store = lmdbStore({ path: path.join(directory, 'store'), clock: () => now })
    expect((await store.read('p', [put]))[0]?.value).toBe('kept')
  })

  it('is in files that only their owner can read, in a directory that only its owner can enter', async () => {
    const modeOf = async (...parts: string[]) => (await stat(path.join(directory, ...parts))).mode & 0o777
    expect(await modeOf('store')).toBe(0o700)
    expect(await modeOf('store', 'data.mdb')).toBe(0o600)
    expect(await modeOf('store', 'data.mdb-lock')).toBe(0o600)
  })

  it('answers a page although thousands of expired records lie before it, a part at a time', async () => {
    for (let round = 0; round < 5; round++)
      await store.commit('p', {
        writes: Array.from({ length: 500 }, (_, index) => ({
          put: { collection: 'c', id: `${round}-${index}` },
          value: 0,
          expiresAt: now + 1,
        })),
      })
    await store.commit('p', { writes: [{ put: { collection: 'c', id: 'live' }, value: 0, sort: 1 }] })
    now += 1
    const ids: string[] = []
    let pages = 0
    let cursor: string | undefined
    do {
      const page = await store.page('p', 'c', { limit: 10, ...(cursor === undefined ? {} : { cursor }) })
      ids.push(...page.records.map((record) => record.id))
      cursor = page.nextCursor
      pages++
    } while (cursor !== undefined)
    expect(ids).toEqual(['live'])
    expect(pages).toBe(3)
  })

  it('rejects an action that throws, keeps what shared its commit, and ends no process', async () => {
    const put = { collection: 'c', id: 'i' }
    const [kept, refused] = await Promise.allSettled([
      store.commit('p', { writes: [{ put, value: 'kept' }] }),
      store.commit('p', {
        writes: [
          { put, value: 'lost' },
          { add: put, amount: 1 },
        ],
      }),
    ])
    expect([kept.status, refused.status]).toEqual(['fulfilled', 'rejected'])
    expect((await store.read('p', [put]))[0]?.value).toBe('kept')
  })

  it('says that a power failure can undo what it did not sync', async () => {
    expect(await store.health()).toEqual({ ok: true, warnings: [] })
    const quick = lmdbStore({ path: path.join(directory, 'quick'), durability: 'process-crash' })
    expect((await quick.health()).warnings).toHaveLength(1)
    await quick.close()
    expect(await quick.health()).toEqual({ ok: false, warnings: [] })
  })

  it.each([999, 86_400_001, 1000.5, Number.NaN])('refuses to compact every %d ms', (compactEveryMs) => {
    expect(() => lmdbStore({ path: path.join(directory, 'other'), compactEveryMs })).toThrow(
      expect.objectContaining({ code: 'configuration_invalid' }),
    )
  })

  it.each([0, -1, 10_001, 1.5])('refuses to compact %d records', async (limit) => {
    await expect(store.compact(limit)).rejects.toThrow(RangeError)
  })

  it('says in one sentence that its directory cannot be used', async () => {
    await writeFile(path.join(directory, 'file'), '')
    expect(() => lmdbStore({ path: path.join(directory, 'file') })).toThrow(
      expect.objectContaining({ code: 'configuration_invalid' }),
    )
  })
})
