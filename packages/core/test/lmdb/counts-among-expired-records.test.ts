import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LmdbStore, lmdbStore } from '../../src/lmdb/index.js'
import type { Write } from '../../src/store/store.js'

let directory: string
let store: LmdbStore
let now: number

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1)
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-lmdb-'))
  store = lmdbStore({
    path: directory,
    clock: () => now,
    durability: 'process-crash',
    compactEveryMs: 86_400_000,
  })
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

/** Numbers that look random and are the same each time. */
function pseudoRandom(seed: number) {
  let state = seed
  return (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

describe('a count of LMDB', () => {
  it('is exact whatever was written, moved, expired and removed, in every range', async () => {
    const random = pseudoRandom(11)
    const expected = new Map<string, { sort: number; expiresAt: number }>()
    for (let round = 0; round < 60; round++) {
      const writes: Write[] = []
      const isShrinking = round % 20 > 13
      for (let index = 0; index < 150; index++) {
        const id = String(random(3000))
        if (random(10) < (isShrinking ? 9 : 2)) {
          writes.push({ delete: { collection: 'c', id } })
          expected.delete(id)
          continue
        }
        const sort = random(40) < 3 ? 0 : random(2000) - 1000
        const expiresAt = random(3) === 0 ? Number.POSITIVE_INFINITY : now + 1 + random(5000)
        const deadline = Number.isFinite(expiresAt) ? { expiresAt } : {}
        writes.push({ put: { collection: 'c', id }, value: 0, sort, ...deadline })
        expected.set(id, { sort, expiresAt })
      }
      await store.commit('p', { writes })
      await store.commit('p', { writes: [{ put: { collection: 'd', id: String(round) }, value: 0 }] })
      now += random(600)
      if (random(4) === 0) await store.compact(1 + random(500))
      for (const range of [
        {},
        { to: 0 },
        { from: 0 },
        { from: -500, to: random(1000) },
        { from: 0, to: 0 },
      ]) {
        const { from = -Infinity, to = Infinity } = range as { from?: number; to?: number }
        const live = [...expected.values()].filter(
          ({ sort, expiresAt }) => sort >= from && sort <= to && expiresAt > now,
        )
        expect(await store.count('p', 'c', range)).toBe(live.length)
      }
      expect(await store.count('p', 'd')).toBe(round + 1)
    }
  })

  it('does not look at every expired record, neither in all nor in a range', {
    timeout: 120_000,
  }, async () => {
    const written = 20_000
    for (let start = 0; start < written; start += 2000)
      await store.commit('other', {
        writes: Array.from({ length: 2000 }, (_, index) => ({
          put: { collection: 'c', id: String(start + index) },
          value: 0,
          sort: start + index,
          expiresAt: now + 1000,
        })),
      })
    await store.commit('p', { writes: [{ put: { collection: 'c', id: 'live' }, value: 0, sort: 5 }] })
    now += 2000
    const timed = async (count: () => Promise<number>) => {
      const start = performance.now()
      const result = await count()
      return { result, took: performance.now() - start }
    }
    const fastest = async (count: () => Promise<number>) => {
      const runs = []
      for (let run = 0; run < 5; run++) runs.push(await timed(count))
      return { result: runs[0]?.result, took: Math.min(...runs.map(({ took }) => took)) }
    }
    const counts = [
      { expected: 1, ...(await fastest(() => store.count('p', 'c'))) },
      { expected: 1, ...(await fastest(() => store.count('p', 'c', { to: 5 }))) },
      { expected: 0, ...(await fastest(() => store.count('other', 'c'))) },
      { expected: 0, ...(await fastest(() => store.count('other', 'c', { from: 777, to: 19_000 }))) },
    ]
    for (const { result, expected, took } of counts) {
      expect(result).toBe(expected)
      // A walk of 20,000 keys takes 10 ms and more on any machine.
      expect(took).toBeLessThan(6)
    }
  })
})
