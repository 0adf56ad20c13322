import assert from 'node:assert/strict'
import { type StoreCase, type StoreCasesOptions, storeCase } from './store-case.js'

const RECORD = { collection: 'c', id: 'i' }
const COUNTER = { collection: 'c', id: 'n' }

/** What stores that were opened on the same data, in as many processes, promise each other. */
export function sharingCases(options: StoreCasesOptions): StoreCase[] {
  const a = (name: string, prove: Parameters<typeof storeCase>[2]) => storeCase(options, name, prove)
  return [
    a('what one has committed, the other reads at once, each time', async ({ store, partition, reopen }) => {
      const other = await reopen()
      for (let value = 1; value <= 20; value++) {
        const [writer, reader] = value % 2 === 0 ? [store, other] : [other, store]
        await writer.commit(partition, { writes: [{ put: RECORD, value, sort: value }] })
        const [record] = await reader.read(partition, [RECORD])
        assert.equal(record?.value, value)
        const { records } = await reader.page(partition, 'c', { limit: 10 })
        assert.deepEqual(
          records.map((each) => each.value),
          [value],
        )
        assert.equal(await reader.count(partition, 'c', { from: value }), 1)
      }
      await store.commit(partition, { writes: [{ delete: RECORD }] })
      assert.deepEqual(await other.read(partition, [RECORD]), [undefined])
    }),
    a('of two that claim the same record, one wins', async ({ store, partition, reopen }) => {
      const stores = [store, await reopen()]
      const claims = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          stores[index % 2]?.commit(partition, {
            checks: [{ key: RECORD, version: null }],
            writes: [{ put: RECORD, value: index }],
          }),
        ),
      )
      assert.equal(claims.filter((claim) => claim?.committed).length, 1)
    }),
    a(
      'a counter that both add to loses nothing and keeps its limit',
      async ({ store, partition, reopen }) => {
        const stores = [store, await reopen()]
        const added = await Promise.all(
          Array.from({ length: 60 }, (_, index) =>
            stores[index % 2]?.commit(partition, { writes: [{ add: COUNTER, amount: 1, atMost: 50 }] }),
          ),
        )
        assert.equal(added.filter((result) => result?.committed).length, 50)
        for (const each of stores) assert.equal((await each.read(partition, [COUNTER]))[0]?.value, 50)
      },
    ),
    a('`once` is known to both', async ({ store, partition, reopen, clock }) => {
      const other = await reopen()
      const charge = {
        once: { key: 'request-1', expiresAt: clock.now + 60_000 },
        writes: [{ add: COUNTER, amount: 7 }],
      }
      await store.commit(partition, charge)
      assert.deepEqual(await other.commit(partition, charge), {
        committed: true,
        totals: [7],
        repeated: true,
      })
    }),
    a('what was acknowledged is there when all were closed', async ({ store, partition, reopen, clock }) => {
      const expiresAt = clock.now + 60_000
      await store.commit(partition, {
        once: { key: 'request-1', expiresAt },
        writes: [
          { put: RECORD, value: { kept: true }, sort: 3, expiresAt },
          { add: COUNTER, amount: 2 },
        ],
      })
      const [before] = await store.read(partition, [RECORD])
      await store.close()
      const opened = await reopen()
      assert.deepEqual(await opened.read(partition, [RECORD]), [before])
      assert.equal(await opened.count(partition, 'c'), 2)
      assert.deepEqual(
        await opened.commit(partition, {
          once: { key: 'request-1', expiresAt },
          writes: [{ add: COUNTER, amount: 2 }],
        }),
        { committed: true, totals: [2], repeated: true },
      )
    }),
    a('one that is closed takes nothing from the other', async ({ store, partition, reopen }) => {
      const other = await reopen()
      await store.commit(partition, { writes: [{ put: RECORD, value: 1 }] })
      await store.close()
      assert.equal((await other.read(partition, [RECORD]))[0]?.value, 1)
      await other.commit(partition, { writes: [{ put: RECORD, value: 2 }] })
    }),
  ]
}
