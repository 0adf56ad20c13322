import assert from 'node:assert/strict'
import type { Batch, Store, Watch } from '../store/store.js'
import { type Bench, type StoreCase, type StoreCasesOptions, storeCase } from './store-case.js'

const PATIENCE_MS = 5000
const RECORD = { collection: 'c', id: 'i' }
const COUNTER = { collection: 'c', id: 'n' }

/** The kinds of change that a decision may depend on. */
const CHANGES: Readonly<Record<string, Batch>> = {
  'a record that is put': { writes: [{ put: RECORD, value: 2 }] },
  'a record that is deleted': { writes: [{ delete: RECORD }] },
  'a counter that is added to': { writes: [{ add: COUNTER, amount: 1 }] },
}

/** Change notices; a store without `watch` has none to prove. */
export function watchCases(options: StoreCasesOptions): StoreCase[] {
  const a = (name: string, prove: (bench: Bench & { listen: Listen }) => Promise<void>) =>
    storeCase(options, name, async (bench) => {
      const watches: Watch[] = []
      const listen: Listen = async (on, onChange) => {
        const ear = await listenOn(on, bench.partition, onChange)
        if (ear) watches.push(ear.watch)
        return ear
      }
      try {
        await prove({ ...bench, listen })
      } finally {
        for (const watch of watches) await watch.close()
      }
    })
  const isShared = options.data !== 'own'

  return [
    a('watchers hear of every change that is not quiet, once', async ({ store, partition, listen }) => {
      const ear = await listen(store)
      if (!ear) return
      await store.commit(partition, { quiet: true, writes: [{ put: RECORD, value: 1 }] })
      await store.commit(partition, { writes: [{ put: RECORD, value: 2 }] })
      await ear.heard(1)
      await store.commit(partition, { writes: [{ put: RECORD, value: 3 }] })
      await ear.heard(2)
      assert.equal(ear.count, 2)
    }),
    a('a watch that was closed vouches for nothing', async ({ store, listen }) => {
      const ear = await listen(store)
      if (!ear) return
      await ear.watch.close()
      assert.equal(ear.watch.vouching, false)
    }),
    ...Object.entries(CHANGES).map(([change, batch]) =>
      a(`watchers hear of ${change}`, async ({ store, partition, listen }) => {
        await store.commit(partition, { writes: [{ put: RECORD, value: 1 }] })
        const ear = await listen(store)
        if (!ear) return
        await store.commit(partition, batch)
        await ear.heard(1)
      }),
    ),
    a('a change can be read by the time that a watcher hears of it', async ({ store, partition, listen }) => {
      const seen: Promise<unknown>[] = []
      const ear = await listen(store, () => {
        seen.push(store.read(partition, [RECORD]).then(([record]) => record?.value))
      })
      if (!ear) return
      for (let value = 1; value <= 20; value++) {
        await store.commit(partition, { writes: [{ put: RECORD, value }] })
        await ear.heard(value)
        assert.equal(await seen.at(-1), value)
      }
    }),
    ...(isShared
      ? [
          a('a watcher hears what another process commits', async ({ partition, store, reopen, listen }) => {
            const ear = await listen(store)
            if (!ear) return
            const other = await reopen()
            for (const batch of Object.values(CHANGES)) {
              const before = ear.count
              await other.commit(partition, batch)
              await ear.heard(before + 1)
            }
          }),
        ]
      : []),
  ]
}

type Listen = (on: Store, onChange?: () => void) => Promise<Ear | undefined>

/** What one watch has heard of one partition. */
interface Ear {
  readonly watch: Watch
  readonly count: number
  /** Rejects when so many changes were not heard in time. */
  heard(count: number): Promise<void>
}

async function listenOn(store: Store, partition: string, onChange = () => {}): Promise<Ear | undefined> {
  if (!store.watch) return undefined
  let count = 0
  const watch = await store.watch({
    changed(changed) {
      if (changed !== partition) return
      count += 1
      onChange()
    },
    lost: () => {},
  })
  await until(() => watch.vouching, 'a watch vouches within five seconds')
  return {
    watch,
    get count() {
      return count
    },
    heard: (expected) => until(() => count >= expected, `${expected} changes are heard within five seconds`),
  }
}

async function until(holds: () => boolean, promise: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!holds() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(holds(), promise)
}
