import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { CommitResult, Write } from '../store/store.js'
import { HOSTILE_NAMES } from './hostile-names.js'
import { type StoreCase, type StoreCasesOptions, storeCase } from './store-case.js'

const RECORD = { collection: 'things', id: 'one' }
const COUNTER = { collection: 'counters', id: 'one' }

/** Atomicity: checks, counters, idempotency. */
export function commitCases(options: StoreCasesOptions): StoreCase[] {
  const a = (name: string, prove: Parameters<typeof storeCase>[2]) => storeCase(options, name, prove)
  return [
    {
      name: 'a full store refuses ordinary records, takes essential ones and lets records go',
      run: () => proveReserve(options),
    },
    a('essential batches are committed as others are', async ({ store, partition }) => {
      const put = { collection: 'c', id: 'i' }
      const result = await store.commit(partition, { essential: true, writes: [{ put, value: 1 }] })
      assert.equal(result.committed, true)
      assert.equal((await store.read(partition, [put]))[0]?.value, 1)
    }),
    a('50 parallel claims of one record have one winner', async ({ store, partition }) => {
      const claims = Array.from({ length: 50 }, (_, claimant) =>
        store.commit(partition, {
          checks: [{ key: RECORD, version: null }],
          writes: [{ put: RECORD, value: claimant }],
        }),
      )
      const results = await Promise.all(claims)
      assert.equal(results.filter(committed).length, 1)
      const [record] = await store.read(partition, [RECORD])
      assert.equal(record?.value, results.findIndex(committed))
    }),
    a('200 parallel additions are all kept', async ({ store, partition }) => {
      const additions = Array.from({ length: 200 }, () =>
        store.commit(partition, { writes: [{ add: COUNTER, amount: 3 }] }),
      )
      const totals = (await Promise.all(additions)).flatMap((result) =>
        result.committed ? result.totals : [],
      )
      assert.equal(new Set(totals).size, 200)
      const [record] = await store.read(partition, [COUNTER])
      assert.equal(record?.value, 600)
    }),
    a('a counter never passes its limit under parallel additions', async ({ store, partition }) => {
      const additions = Array.from({ length: 50 }, () =>
        store.commit(partition, { writes: [{ add: COUNTER, amount: 3, atMost: 100 }] }),
      )
      const results = await Promise.all(additions)
      assert.equal(results.filter(committed).length, 33)
      for (const result of results)
        if (!result.committed) assert.deepEqual(result, { committed: false, refusedBy: 'limit', index: 0 })
      const [record] = await store.read(partition, [COUNTER])
      assert.equal(record?.value, 99)
    }),
    a('an addition past its limit refuses the whole batch', async ({ store, partition }) => {
      const result = await store.commit(partition, {
        writes: [
          { put: RECORD, value: 'written' },
          { add: COUNTER, amount: 11, atMost: 10 },
        ],
      })
      assert.deepEqual(result, { committed: false, refusedBy: 'limit', index: 1 })
      assert.deepEqual(await store.read(partition, [RECORD, COUNTER]), [undefined, undefined])
    }),
    a('a failed check writes nothing and says which it was', async ({ store, partition }) => {
      await store.commit(partition, { writes: [{ put: RECORD, value: 1 }] })
      const result = await store.commit(partition, {
        checks: [
          { key: COUNTER, version: null },
          { key: RECORD, version: null },
        ],
        writes: [{ put: COUNTER, value: 1 }],
      })
      assert.deepEqual(result, { committed: false, refusedBy: 'check', index: 1 })
      assert.deepEqual(await store.read(partition, [COUNTER]), [undefined])
    }),
    a('an extension that races an end never resurrects', async ({ store, partition, clock }) => {
      for (let round = 0; round < 20; round++) {
        const key = { collection: 'sessions', id: String(round) }
        await store.commit(partition, { writes: [{ put: key, value: 0, expiresAt: clock.now + 1000 }] })
        const [record] = await store.read(partition, [key])
        assert.ok(record)
        await Promise.all([
          store.commit(partition, { writes: [{ delete: key }] }),
          store.commit(partition, {
            checks: [{ key, version: record.version }],
            writes: [{ put: key, value: 1, expiresAt: clock.now + 2000 }],
          }),
        ])
        assert.deepEqual(await store.read(partition, [key]), [undefined])
      }
    }),
    a('every write changes the version, also back to the same value', async ({ store, partition }) => {
      const versions = new Set<string | undefined>()
      for (const writes of [
        [{ put: RECORD, value: 'same' }],
        [{ put: RECORD, value: 'same' }],
        [{ delete: RECORD }, { put: RECORD, value: 'same' }],
      ]) {
        await store.commit(partition, { writes })
        versions.add((await store.read(partition, [RECORD]))[0]?.version)
      }
      await store.commit(partition, { writes: [{ delete: RECORD }] })
      await store.commit(partition, { writes: [{ put: RECORD, value: 'same' }] })
      versions.add((await store.read(partition, [RECORD]))[0]?.version)
      assert.equal(versions.size, 4)
    }),
    a('a check by version holds only for the newest one', async ({ store, partition }) => {
      await store.commit(partition, { writes: [{ put: RECORD, value: 1 }] })
      const [first] = await store.read(partition, [RECORD])
      await store.commit(partition, { writes: [{ put: RECORD, value: 2 }] })
      const [second] = await store.read(partition, [RECORD])
      assert.ok(first && second)
      const attempt = (version: string) =>
        store.commit(partition, { checks: [{ key: RECORD, version }], writes: [{ put: RECORD, value: 3 }] })
      assert.equal((await attempt(first.version)).committed, false)
      assert.equal((await attempt(second.version)).committed, true)
    }),
    a('a check by version fails from the deadline of the record on', async ({ store, partition, clock }) => {
      await store.commit(partition, { writes: [{ put: RECORD, value: 1, expiresAt: clock.now + 10 }] })
      const [record] = await store.read(partition, [RECORD])
      assert.ok(record)
      clock.now += 10
      const result = await store.commit(partition, {
        checks: [{ key: RECORD, version: record.version }],
        writes: [{ put: RECORD, value: 2 }],
      })
      assert.deepEqual(result, { committed: false, refusedBy: 'check', index: 0 })
      assert.deepEqual(await store.read(partition, [RECORD]), [undefined])
    }),
    a('a batch without writes answers whether its checks hold', async ({ store, partition }) => {
      const result = await store.commit(partition, { checks: [{ key: RECORD, version: null }], writes: [] })
      assert.deepEqual(result, { committed: true, totals: [], repeated: false })
    }),
    a('records that are written together are read together', async ({ store, partition }) => {
      const keys = Array.from({ length: 8 }, (_, index) => ({ collection: 'c', id: String(index) }))
      const write = (value: number) =>
        store.commit(partition, { writes: keys.map((put) => ({ put, value })) })
      await write(0)
      const writing = Array.from({ length: 40 }, (_, value) => write(value))
      const reads = Array.from({ length: 40 }, () => store.read(partition, keys))
      for (const records of await Promise.all(reads))
        assert.equal(new Set(records.map((record) => record?.value)).size, 1)
      await Promise.all(writing)
    }),
    a('many partitions are written and read at once, each by itself', async ({ store, partition }) => {
      const partitions = Array.from({ length: 60 }, (_, index) => `${partition}-${index}`)
      const write = (each: string) =>
        store.commit(each, {
          writes: [
            { put: RECORD, value: each },
            { add: COUNTER, amount: 1 },
          ],
        })
      await Promise.all(partitions.map(write))
      const found = await Promise.all(partitions.map((each) => store.read(each, [RECORD, COUNTER])))
      assert.deepEqual(
        found.map((records) => records.map((record) => record?.value)),
        partitions.map((each) => [each, 1]),
      )
    }),
    a('later writes of a batch see the earlier ones', async ({ store, partition }) => {
      const result = await store.commit(partition, {
        writes: [
          { put: COUNTER, value: 5 },
          { add: COUNTER, amount: 2 },
          { add: COUNTER, amount: -10 },
          { put: RECORD, value: 'here' },
          { delete: RECORD },
        ],
      })
      assert.deepEqual(result, { committed: true, totals: [7, -3], repeated: false })
      const [record, counter] = await store.read(partition, [RECORD, COUNTER])
      assert.equal(record, undefined)
      assert.equal(counter?.value, -3)
    }),
    a('an addition to what is no counter rejects and writes nothing', async ({ store, partition }) => {
      await store.commit(partition, { writes: [{ put: RECORD, value: 'text' }] })
      await assert.rejects(
        store.commit(partition, {
          writes: [
            { put: COUNTER, value: 1 },
            { add: RECORD, amount: 1 },
          ],
        }),
      )
      assert.deepEqual(await store.read(partition, [COUNTER]), [undefined])
    }),
    a('amounts and sorts that are no such numbers reject and write nothing', async ({ store, partition }) => {
      const before: Write = { put: COUNTER, value: 1 }
      for (const amount of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
        await assert.rejects(store.commit(partition, { writes: [before, { add: RECORD, amount }] }))
      for (const sort of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
        await assert.rejects(store.commit(partition, { writes: [before, { put: RECORD, value: 1, sort }] }))
      assert.deepEqual(await store.read(partition, [COUNTER, RECORD]), [undefined, undefined])
    }),
    a('counters are exact up to the largest safe integer', async ({ store, partition }) => {
      const { MAX_SAFE_INTEGER } = Number
      await store.commit(partition, { writes: [{ add: COUNTER, amount: MAX_SAFE_INTEGER - 1 }] })
      const result = await store.commit(partition, { writes: [{ add: COUNTER, amount: 1 }] })
      assert.deepEqual(result, { committed: true, totals: [MAX_SAFE_INTEGER], repeated: false })
      await assert.rejects(store.commit(partition, { writes: [{ add: COUNTER, amount: 1 }] }))
    }),
    a('a repeated `once` charges once and answers as the first time', async ({ store, partition, clock }) => {
      const charge = {
        once: { key: 'request-1', expiresAt: clock.now + 60_000 },
        writes: [{ add: COUNTER, amount: 7 }],
      }
      const results = await Promise.all(Array.from({ length: 20 }, () => store.commit(partition, charge)))
      assert.equal(results.filter((result) => result.committed && !result.repeated).length, 1)
      for (const result of results) assert.deepEqual(result.committed && result.totals, [7])
      const [counter] = await store.read(partition, [COUNTER])
      assert.equal(counter?.value, 7)
    }),
    a(
      '`once` is forgotten at its deadline, and known in its partition alone',
      async ({ store, partition, clock }) => {
        const charge = {
          once: { key: 'request-1', expiresAt: clock.now + 1000 },
          writes: [{ add: COUNTER, amount: 1 }],
        }
        await store.commit(partition, charge)
        assert.deepEqual(await store.commit(`${partition}-other`, charge), {
          committed: true,
          totals: [1],
          repeated: false,
        })
        clock.now += 1000
        const again = { ...charge, once: { key: 'request-1', expiresAt: clock.now + 1000 } }
        assert.deepEqual(await store.commit(partition, again), {
          committed: true,
          totals: [2],
          repeated: false,
        })
      },
    ),
    a(
      'a repeated `once` answers as the first time, also when it would be refused now',
      async ({ store, partition, clock }) => {
        const claim = {
          once: { key: 'request-1', expiresAt: clock.now + 60_000 },
          checks: [{ key: RECORD, version: null }],
          writes: [
            { put: RECORD, value: 'claimed' },
            { add: COUNTER, amount: 5, atMost: 5 },
          ],
        }
        await store.commit(partition, claim)
        await store.commit(partition, { writes: [{ put: RECORD, value: 'changed' }] })
        assert.deepEqual(await store.commit(partition, claim), {
          committed: true,
          totals: [5],
          repeated: true,
        })
        const [record, counter] = await store.read(partition, [RECORD, COUNTER])
        assert.deepEqual([record?.value, counter?.value], ['changed', 5])
      },
    ),
    a('keys of `once` stay apart from each other and from records', async ({ store, partition, clock }) => {
      const expiresAt = clock.now + 60_000
      for (const [index, key] of HOSTILE_NAMES.entries()) {
        const charge = {
          once: { key, expiresAt },
          writes: [{ add: { collection: key, id: key }, amount: 1 }],
        }
        const first = await store.commit(partition, charge)
        assert.deepEqual(first, { committed: true, totals: [1], repeated: false }, `key ${index}`)
        const again = await store.commit(partition, charge)
        assert.deepEqual(again, { committed: true, totals: [1], repeated: true }, `key ${index}`)
      }
    }),
    a('a refused batch leaves its `once` unused', async ({ store, partition, clock }) => {
      const once = { key: 'request-1', expiresAt: clock.now + 60_000 }
      for (const batch of [
        { once, writes: [{ add: COUNTER, amount: 2, atMost: 1 }] },
        { once, checks: [{ key: RECORD, version: 'none' }], writes: [{ add: COUNTER, amount: 1 }] },
      ])
        assert.equal((await store.commit(partition, batch)).committed, false)
      const result = await store.commit(partition, { once, writes: [{ add: COUNTER, amount: 1, atMost: 1 }] })
      assert.deepEqual(result, { committed: true, totals: [1], repeated: false })
    }),
  ]
}

function committed(result: CommitResult): boolean {
  return result.committed
}

async function proveReserve({ openFull }: StoreCasesOptions): Promise<void> {
  if (!openFull) return
  const store = await openFull(Date.now)
  const partition = `case-${randomBytes(12).toString('base64url')}`
  const put = { collection: 'c', id: 'i' }
  try {
    await assert.rejects(store.commit(partition, { writes: [{ put, value: 1 }] }))
    assert.deepEqual(await store.read(partition, [put]), [undefined])
    await store.commit(partition, { essential: true, writes: [{ put, value: 2 }] })
    assert.equal((await store.read(partition, [put]))[0]?.value, 2)
    await store.commit(partition, { writes: [{ delete: put }] })
    assert.deepEqual(await store.read(partition, [put]), [undefined])
  } finally {
    await store.close()
  }
}
