import assert from 'node:assert/strict'
import type { JsonValue } from '../store/store.js'
import { type StoreCase, type StoreCasesOptions, storeCase } from './store-case.js'

const HOSTILE_NAMES = [
  '',
  ' ',
  ':',
  '}',
  '{',
  '{}',
  '*',
  '?',
  '%',
  '|',
  'a',
  'A',
  'a:b',
  'a\u0000b',
  'a\nb',
  'é',
  'e\u0301',
  '😀',
  '\ud800',
  '\ud801',
  '__proto__',
  'constructor',
  'x'.repeat(10_240),
  `${'x'.repeat(10_239)}y`,
]

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
