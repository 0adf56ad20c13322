import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { lmdbStore } from '../../src/lmdb/index.js'
import { storeCases } from '../../src/testing/store-cases.js'

describe('the LMDB store', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'portcullis-lmdb-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  const cases = storeCases({
    open: async (clock) => lmdbStore({ path: directory, clock }),
    openFull: async (clock) => lmdbStore({ path: directory, clock, reserveBytes: 2 ** 40 }),
  })
  for (const { name, run } of cases) it(name, run)
})
