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

  it('is in a directory that only its owner can enter', async () => {
    expect((await stat(path.join(directory, 'store'))).mode & 0o777).toBe(0o700)
  })

  it('says in one sentence that its directory cannot be used', async () => {
    await writeFile(path.join(directory, 'file'), '')
    expect(() => lmdbStore({ path: path.join(directory, 'file') })).toThrow(
      expect.objectContaining({ code: 'configuration_invalid' }),
    )
  })
})
