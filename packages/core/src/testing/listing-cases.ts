import assert from 'node:assert/strict'
import type { PageQuery, Store } from '../store/store.js'
import { type StoreCase, type StoreCasesOptions, storeCase } from './store-case.js'

const SORTS = [3, -1, 0, 2.5, -7.25, 1e12, 3, 0, 2.25]

async function fill(store: Store, partition: string): Promise<void> {
  await store.commit(partition, {
    writes: SORTS.map((sort, index) => ({ put: { collection: 'c', id: `id-${index}` }, value: index, sort })),
  })
}

async function all(store: Store, partition: string, query: PageQuery): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await store.page(partition, 'c', { ...query, ...(cursor === undefined ? {} : { cursor }) })
    assert.ok(page.records.length <= query.limit)
    ids.push(...page.records.map((record) => record.id))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return ids
}

/** Pages and counts. */
export function listingCases(options: StoreCasesOptions): StoreCase[] {
  const a = (name: string, prove: Parameters<typeof storeCase>[2]) => storeCase(options, name, prove)
  const ascending = SORTS.map((sort, index) => ({ sort, id: `id-${index}` }))
    .sort((x, y) => x.sort - y.sort || (x.id < y.id ? -1 : 1))
    .map(({ id }) => id)
  return [
    a('pages are in order of sort, then id, whatever their size', async ({ store, partition }) => {
      await fill(store, partition)
      for (const limit of [1, 2, 4, 100]) {
        assert.deepEqual(await all(store, partition, { limit }), ascending)
        assert.deepEqual(await all(store, partition, { limit, order: 'descending' }), ascending.toReversed())
      }
    }),
    a('ranges include both ends, in pages and counts', async ({ store, partition }) => {
      await fill(store, partition)
      for (const range of [{ from: 0, to: 3 }, { from: 2.5 }, { to: -1 }, { from: 4, to: 5 }, {}]) {
        const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = range as {
          from?: number
          to?: number
        }
        const expected = SORTS.filter((sort) => sort >= from && sort <= to).length
        assert.equal(await store.count(partition, 'c', range), expected)
        for (const order of ['ascending', 'descending'] as const)
          assert.equal((await all(store, partition, { limit: 2, order, range })).length, expected)
      }
    }),
    a('a collection that does not exist is empty', async ({ store, partition }) => {
      assert.deepEqual(await store.page(partition, 'none', { limit: 10 }), { records: [] })
      assert.equal(await store.count(partition, 'none'), 0)
      assert.equal(await store.count(partition, 'none', { from: 0 }), 0)
    }),
    a(
      'a cursor survives concurrent writes: what stays put is neither skipped nor repeated',
      async (bench) => {
        const { store, partition } = bench
        for (const order of ['ascending', 'descending'] as const) {
          await fill(store, partition)
          const expected = order === 'ascending' ? ascending : ascending.toReversed()
          const first = await store.page(partition, 'c', { limit: 4, order })
          const [gone] = first.records.slice(-1)
          assert.ok(gone && first.nextCursor !== undefined)
          const early = { collection: 'c', id: 'early' }
          const sort = order === 'ascending' ? -100 : 1e15
          await store.commit(partition, {
            writes: [{ delete: { collection: 'c', id: gone.id } }, { put: early, value: 0, sort }],
          })
          const rest = await store.page(partition, 'c', { limit: 100, order, cursor: first.nextCursor })
          assert.deepEqual(
            rest.records.map((record) => record.id),
            expected.slice(4),
          )
          await store.commit(partition, { writes: [{ delete: early }] })
        }
      },
    ),
    a('paging while others write finds what stays put once each', async ({ store, partition }) => {
      const staying = Array.from({ length: 60 }, (_, index) => `stays-${String(index).padStart(2, '0')}`)
      await store.commit(partition, {
        writes: staying.map((id, sort) => ({ put: { collection: 'c', id }, value: 0, sort })),
      })
      let isOver = false
      const churn = async () => {
        for (let round = 0; !isOver; round++) {
          const put = { collection: 'c', id: `goes-${round % 7}` }
          await store.commit(partition, { writes: [{ put, value: 0, sort: (round * 17) % 60 }] })
          await store.commit(partition, { writes: [{ delete: put }] })
        }
      }
      const churning = churn()
      try {
        for (const order of ['ascending', 'descending'] as const) {
          const seen = (await all(store, partition, { limit: 7, order })).filter((id) => id.startsWith('s'))
          assert.deepEqual(seen, order === 'ascending' ? staying : staying.toReversed())
        }
      } finally {
        isOver = true
        await churning
      }
    }),
    a('moving a record moves it in the order, and it is listed once', async ({ store, partition }) => {
      await fill(store, partition)
      await store.commit(partition, {
        writes: [{ put: { collection: 'c', id: 'id-4' }, value: 0, sort: 1e13 }],
      })
      const ids = await all(store, partition, { limit: 3 })
      assert.equal(ids.at(-1), 'id-4')
      assert.equal(ids.length, SORTS.length)
      assert.equal(await store.count(partition, 'c'), SORTS.length)
    }),
    a('counts and pages leave out the expired, also before anybody collects them', async (bench) => {
      const { store, partition, clock } = bench
      await store.commit(partition, {
        writes: Array.from({ length: 30 }, (_, index) => ({
          put: { collection: 'c', id: String(index) },
          value: index,
          sort: index,
          ...(index % 2 === 0 ? { expiresAt: clock.now + 10 } : {}),
        })),
      })
      clock.now += 10
      assert.equal(await store.count(partition, 'c'), 15)
      assert.equal(await store.count(partition, 'c', { from: 10, to: 19 }), 5)
      assert.equal((await all(store, partition, { limit: 4 })).length, 15)
    }),
    a('limits outside 1 to 1000 and foreign cursors are refused', async ({ store, partition }) => {
      assert.deepEqual(await store.page(partition, 'c', { limit: 1000 }), { records: [] })
      for (const limit of [0, -1, 1001, 1.5, Number.NaN])
        await assert.rejects(store.page(partition, 'c', { limit }), RangeError)
      for (const cursor of ['', 'nonsense', '{}', 'bnVsbA'])
        await assert.rejects(store.page(partition, 'c', { limit: 1, cursor }), RangeError)
    }),
    a('partitions share nothing', async ({ store, partition }) => {
      await fill(store, partition)
      assert.equal(await store.count(`${partition}2`, 'c'), 0)
      assert.deepEqual(await store.read(`${partition}2`, [{ collection: 'c', id: 'id-0' }]), [undefined])
    }),
  ]
}
