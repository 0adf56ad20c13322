import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, it } from 'vitest'
import { lmdbStore } from '../../src/lmdb/index.js'
import { agreesWithMemory } from '../store/model.js'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-lmdb-'))
})
afterAll(() => rm(directory, { recursive: true }))

it('LMDB answers as the memory reference does, whatever is done to it', async () => {
  await fc.assert(
    agreesWithMemory(async (clock) => lmdbStore({ path: directory, clock, durability: 'process-crash' })),
    { numRuns: 60 },
  )
})
