import { mkdtemp, open, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lmdbStore } from '../../src/lmdb/index.js'

let directory: string
let file: string

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-lmdb-'))
  file = path.join(directory, 'data.mdb')
  const store = lmdbStore({ path: directory })
  await store.commit('p', {
    writes: Array.from({ length: 500 }, (_, index) => ({
      put: { collection: 'c', id: String(index) },
      value: 'x'.repeat(200),
    })),
  })
  await store.close()
})
afterEach(() => rm(directory, { recursive: true }))

describe('a data file of LMDB that was damaged', () => {
  it.each([1, 100, 4096, 4200, 8192, 20_000, -4096, -1])(
    'is refused at the start, not mapped into memory, when it is cut to %d bytes',
    async (bytes) => {
      const { size } = await stat(file)
      await truncate(file, bytes < 0 ? size + bytes : bytes)
      expect(() => lmdbStore({ path: directory })).toThrow(
        expect.objectContaining({ code: 'configuration_invalid' }),
      )
    },
  )

  it('is refused when its head is none', async () => {
    const handle = await open(file, 'r+')
    await handle.write(Buffer.alloc(200, 0x55), 0, 200, 0)
    await handle.close()
    expect(() => lmdbStore({ path: directory })).toThrow(
      expect.objectContaining({ code: 'configuration_invalid' }),
    )
  })

  it('is opened when it is whole, and when it is empty', async () => {
    const store = lmdbStore({ path: directory })
    expect(await store.count('p', 'c')).toBe(500)
    await store.close()
    await truncate(file, 0)
    const empty = lmdbStore({ path: directory })
    expect(await empty.count('p', 'c')).toBe(0)
    await empty.close()
  })
})
