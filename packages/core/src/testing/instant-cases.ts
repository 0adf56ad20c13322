import assert from 'node:assert/strict'
import { type StoreCase, type StoreCasesOptions, storeCase } from './store-case.js'

const KEYS = ['x', 'y', 'z'].map((id) => ({ collection: `c-${id}`, id }))
const COMMITS = 200

/** What is read or changed together is read or changed at one instant. */
export function instantCases(options: StoreCasesOptions): StoreCase[] {
  const a = (name: string, prove: Parameters<typeof storeCase>[2]) => storeCase(options, name, prove)
  return [
    a('a read of several records sees them all at one instant', async ({ store, partition }) => {
      let isOver = false
      const writing = (async () => {
        for (let value = 0; value < COMMITS; value++)
          await store.commit(partition, { writes: KEYS.map((put) => ({ put, value })) })
      })().finally(() => {
        isOver = true
      })
      while (!isOver) {
        const records = await store.read(partition, KEYS)
        const values = new Set(records.map((record) => record?.value))
        assert.equal(values.size, 1, `one read saw ${[...values].join(' and ')}`)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await writing
    }),
    a('a page of a collection sees a batch whole or not at all', async ({ store, partition }) => {
      const put = (id: string) => ({ put: { collection: 'c', id }, value: 0 })
      let isOver = false
      const writing = (async () => {
        for (let round = 0; round < COMMITS; round++) {
          const [here, there] = round % 2 === 0 ? ['a', 'b'] : ['b', 'a']
          await store.commit(partition, {
            writes: [
              put(`${here}1`),
              put(`${here}2`),
              ...[1, 2].map((n) => ({ delete: { collection: 'c', id: `${there}${n}` } })),
            ],
          })
        }
      })().finally(() => {
        isOver = true
      })
      while (!isOver) {
        const { records } = await store.page(partition, 'c', { limit: 10 })
        const ids = records.map(({ id }) => id).join()
        assert.ok(['', 'a1,a2', 'b1,b2'].includes(ids), `one page showed ${ids}`)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await writing
    }),
  ]
}
