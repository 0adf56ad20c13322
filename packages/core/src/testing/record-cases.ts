import assert from 'node:assert/strict'
import type { JsonValue } from '../store/store.js'
import { HOSTILE_NAMES } from './hostile-names.js'
import { type StoreCase, type StoreCasesOptions, storeCase } from './store-case.js'

const VALUES: JsonValue[] = [
  null,
  true,
  false,
  0,
  -1.5,
  1e21,
  Number.MAX_SAFE_INTEGER,
  '',
  'é😀\u0000|{}',
  [],
  {},
  [[], {}, null],
  { a: { b: [1, 'two', { c: null }] }, '': 'empty', 'with|bar': '|' },
  'x'.repeat(100_000),
]

const SEPARATORS = ['', ':', '/', '|', '%', '}', '\u0000', '\u001f', '\n']

const SORTS = [
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MIN_VALUE,
  Number.MAX_SAFE_INTEGER,
  -1 / 3,
  1_767_225_600_000.125,
]

/** Names, values and deadlines. */
export function recordCases(options: StoreCasesOptions): StoreCase[] {
  const a = (name: string, prove: Parameters<typeof storeCase>[2]) => storeCase(options, name, prove)
  return [
    a('hostile ids, collections and partitions stay apart', async ({ store, partition }) => {
      for (const kind of ['id', 'collection', 'partition'] as const) {
        const place = (name: string) => ({
          partition: kind === 'partition' ? `${partition}${name}` : `${partition}-${kind}`,
          key: { collection: kind === 'collection' ? name : 'c', id: kind === 'id' ? name : 'i' },
        })
        for (const [index, name] of HOSTILE_NAMES.entries())
          await store.commit(place(name).partition, { writes: [{ put: place(name).key, value: index }] })
        for (const [index, name] of HOSTILE_NAMES.entries()) {
          const [record] = await store.read(place(name).partition, [place(name).key])
          assert.equal(record?.value, index, `${kind} ${JSON.stringify(name.slice(0, 20))}`)
          assert.equal(record.id, place(name).key.id)
        }
      }
    }),
    a('a collection of hostile ids is listed once each', async ({ store, partition }) => {
      await store.commit(partition, {
        writes: HOSTILE_NAMES.map((id) => ({ put: { collection: 'c', id }, value: 0 })),
      })
      const ids: string[] = []
      let cursor: string | undefined
      do {
        const page = await store.page(partition, 'c', {
          limit: 5,
          ...(cursor === undefined ? {} : { cursor }),
        })
        ids.push(...page.records.map((record) => record.id))
        cursor = page.nextCursor
      } while (cursor !== undefined)
      assert.deepEqual(ids.toSorted(), HOSTILE_NAMES.toSorted())
    }),
    a('names stay apart where one ends and the next begins', async ({ store, partition }) => {
      for (const [index, separator] of SEPARATORS.entries()) {
        const [here, prefixed] = [`${partition}${index}`, `${partition}${index}${separator}a`]
        const places = [
          { partition: here, key: { collection: `a${separator}b`, id: 'c' } },
          { partition: here, key: { collection: 'a', id: `b${separator}c` } },
          { partition: prefixed, key: { collection: 'b', id: 'c' } },
        ]
        for (const [value, place] of places.entries())
          await store.commit(place.partition, { writes: [{ put: place.key, value }] })
        for (const [value, place] of places.entries()) {
          const [record] = await store.read(place.partition, [place.key])
          assert.equal(record?.value, value, `separator ${JSON.stringify(separator)}`)
        }
      }
    }),
    a('names may be long in every part at once', async ({ store, partition }) => {
      for (const letter of ['x', '\u4e2d', '😀', '\u0000']) {
        const long = letter.repeat(1000)
        const key = { collection: long, id: long }
        const [record, counter] = [key, { ...key, id: `${long}${letter}` }]
        await store.commit(`${partition}${long}`, {
          writes: [
            { put: record, value: 1, sort: -1 },
            { add: counter, amount: 2 },
          ],
        })
        const page = await store.page(`${partition}${long}`, long, { limit: 10 })
        assert.deepEqual(
          page.records.map(({ id, value }) => [id, value]),
          [
            [record.id, 1],
            [counter.id, 2],
          ],
        )
      }
    }),
    a('values come back as they were', async ({ store, partition }) => {
      const key = (index: number) => ({ collection: 'c', id: String(index) })
      await store.commit(partition, {
        writes: VALUES.map((value, index) => ({ put: key(index), value, sort: -index - 0.5 })),
      })
      const records = await store.read(
        partition,
        VALUES.map((_, index) => key(index)),
      )
      assert.deepEqual(
        records.map((record) => record?.value),
        VALUES,
      )
      assert.deepEqual(
        records.map((record) => record?.sort),
        VALUES.map((_, index) => -index - 0.5),
      )
    }),
    a('members that are undefined are not kept', async ({ store, partition }) => {
      const put = { collection: 'c', id: 'i' }
      await store.commit(partition, { writes: [{ put, value: { kept: 1, left: undefined } }] })
      const [record] = await store.read(partition, [put])
      assert.deepEqual(record?.value, { kept: 1 })
    }),
    a('what callers do to a value afterwards changes nothing', async ({ store, partition }) => {
      const put = { collection: 'c', id: 'i' }
      const value = { list: [1] }
      const stored = async () => {
        const [read] = await store.read(partition, [put])
        const [listed] = (await store.page(partition, 'c', { limit: 1 })).records
        return [read, listed].map((record) => record?.value as typeof value)
      }
      await store.commit(partition, { writes: [{ put, value }] })
      value.list.push(2)
      for (const each of await stored()) each.list.push(3)
      assert.deepEqual(await stored(), [{ list: [1] }, { list: [1] }])
    }),
    a('sorts come back as they were, also the extreme ones', async ({ store, partition }) => {
      await store.commit(partition, {
        writes: SORTS.map((sort, index) => ({ put: { collection: 'c', id: String(index) }, value: 0, sort })),
      })
      const { records } = await store.page(partition, 'c', { limit: 10 })
      assert.deepEqual(
        records.map((record) => record.sort),
        SORTS.toSorted((x, y) => x - y),
      )
      for (const sort of SORTS) assert.equal(await store.count(partition, 'c', { from: sort, to: sort }), 1)
    }),
    a('reads answer in the order of their keys, also asked twice', async ({ store, partition }) => {
      const [x, y, z] = ['x', 'y', 'z'].map((id) => ({ collection: id, id }))
      assert.ok(x && y && z)
      await store.commit(partition, { writes: [x, z].map((put) => ({ put, value: put.id })) })
      const records = await store.read(partition, [z, y, x, z])
      assert.deepEqual(
        records.map((record) => record?.value),
        ['z', undefined, 'x', 'z'],
      )
      assert.deepEqual(await store.read(partition, []), [])
    }),
    a('a record is gone at its deadline, to the millisecond', async ({ store, partition, clock }) => {
      const key = { collection: 'c', id: 'i' }
      const expiresAt = clock.now + 10
      await store.commit(partition, { writes: [{ put: key, value: 1, expiresAt }] })
      clock.now = expiresAt - 1
      const [record] = await store.read(partition, [key])
      assert.equal(record?.expiresAt, expiresAt)
      clock.now = expiresAt
      assert.deepEqual(await store.read(partition, [key]), [undefined])
      assert.deepEqual((await store.page(partition, 'c', { limit: 10 })).records, [])
      assert.equal(await store.count(partition, 'c'), 0)
      const claimed = await store.commit(partition, {
        checks: [{ key, version: null }],
        writes: [{ put: key, value: 2 }],
      })
      assert.equal(claimed.committed, true)
    }),
    a('a deadline within a millisecond is kept', async ({ store, partition, clock }) => {
      const key = { collection: 'c', id: 'i' }
      await store.commit(partition, { writes: [{ put: key, value: 1, expiresAt: clock.now + 0.5 }] })
      assert.ok((await store.read(partition, [key]))[0])
      clock.now += 1
      assert.deepEqual(await store.read(partition, [key]), [undefined])
    }),
    a(
      'a deadline that has passed stores nothing and removes what was there',
      async ({ store, partition, clock }) => {
        const key = { collection: 'c', id: 'i' }
        await store.commit(partition, { writes: [{ put: key, value: 1 }] })
        await store.commit(partition, { writes: [{ put: key, value: 2, expiresAt: clock.now }] })
        assert.deepEqual(await store.read(partition, [key]), [undefined])
        assert.equal(await store.count(partition, 'c'), 0)
      },
    ),
    a('a put without a deadline takes away the one before', async ({ store, partition, clock }) => {
      const key = { collection: 'c', id: 'i' }
      await store.commit(partition, { writes: [{ put: key, value: 1, expiresAt: clock.now + 10 }] })
      await store.commit(partition, { writes: [{ put: key, value: 2 }] })
      clock.now += 1_000_000
      assert.equal((await store.read(partition, [key]))[0]?.value, 2)
      assert.equal(await store.count(partition, 'c'), 1)
    }),
    a(
      'a counter keeps the deadline it was made with, and starts anew after it',
      async ({ store, partition, clock }) => {
        const add = { collection: 'c', id: 'i' }
        const expiresAt = clock.now + 1000
        await store.commit(partition, { writes: [{ add, amount: 1, expiresAt }] })
        await store.commit(partition, { writes: [{ add, amount: 1, expiresAt: expiresAt + 1000 }] })
        assert.equal((await store.read(partition, [add]))[0]?.expiresAt, expiresAt)
        clock.now = expiresAt
        const result = await store.commit(partition, {
          writes: [{ add, amount: 5, expiresAt: expiresAt + 1000 }],
        })
        assert.deepEqual(result, { committed: true, totals: [5], repeated: false })
      },
    ),
    a('a closed store rejects, and closing twice is harmless', async ({ store, partition }) => {
      await store.close()
      await store.close()
      await assert.rejects(store.read(partition, [{ collection: 'c', id: 'i' }]))
      await assert.rejects(store.commit(partition, { writes: [] }))
      await assert.rejects(store.page(partition, 'c', { limit: 1 }))
      await assert.rejects(store.count(partition, 'c'))
    }),
    a('health says that all is well', async ({ store }) => {
      assert.equal((await store.health()).ok, true)
    }),
  ]
}
