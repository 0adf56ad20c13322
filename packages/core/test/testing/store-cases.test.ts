import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/store/memory.js'
import type { Clock, RecordKey, Store, StoredRecord, WatchListener } from '../../src/store/store.js'
import { storeCases } from '../../src/testing/store-cases.js'

/** Data that several stores share, as on a server: closing one closes nothing else. */
interface Server {
  open(): Store
}

function serverOf(clock: Clock): Server {
  const data = memoryStore({ clock })
  return {
    open() {
      let isClosed = false
      const whileOpen = <T>(act: () => Promise<T>) => (isClosed ? Promise.reject(new Error('closed')) : act())
      return {
        read: (...input) => whileOpen(() => data.read(...input)),
        commit: (...input) => whileOpen(() => data.commit(...input)),
        page: (...input) => whileOpen(() => data.page(...input)),
        count: (...input) => whileOpen(() => data.count(...input)),
        ...(data.watch && { watch: data.watch.bind(data) }),
        health: () => data.health(),
        async close() {
          isClosed = true
        },
      }
    },
  }
}

const nameOf = (partition: string, { collection, id }: RecordKey) =>
  JSON.stringify([partition, collection, id])

/** Remembers what it has read, and forgets it only for what it commits itself. */
function remembering(store: Store): Store {
  const known = new Map<string, StoredRecord | undefined>()
  return {
    ...store,
    async read(partition, keys) {
      const missing = keys.filter((key) => !known.has(nameOf(partition, key)))
      const found = await store.read(partition, missing)
      for (const [index, key] of missing.entries()) known.set(nameOf(partition, key), found[index])
      return keys.map((key) => structuredClone(known.get(nameOf(partition, key))))
    },
    async commit(partition, batch) {
      known.clear()
      try {
        return await store.commit(partition, batch)
      } finally {
        known.clear()
      }
    },
  }
}

/** Reads each record by itself. */
function tearing(store: Store): Store {
  return {
    ...store,
    async read(partition, keys) {
      const records: (StoredRecord | undefined)[] = []
      for (const key of keys) {
        records.push(...(await store.read(partition, [key])))
        await setImmediate()
      }
      return records
    },
  }
}

type Notice = (listeners: ReadonlySet<WatchListener>, partition: string) => void

/** A store whose watchers are told by itself, as `commit` sees fit. */
function telling(
  store: Store,
  commit: (tell: Notice, listeners: ReadonlySet<WatchListener>) => Store['commit'],
): Store {
  const listeners = new Set<WatchListener>()
  const tell: Notice = (to, partition) => {
    for (const listener of to) listener.changed(partition)
  }
  return {
    ...store,
    commit: commit(tell, listeners),
    async watch(listener) {
      listeners.add(listener)
      return {
        get vouching() {
          return listeners.has(listener)
        },
        close: async () => void listeners.delete(listener),
      }
    },
  }
}

/** Tells of a change before it is made. */
const tellingEarly = (store: Store) =>
  telling(store, (tell, listeners) => async (partition, batch) => {
    if (!batch.quiet) tell(listeners, partition)
    await setImmediate()
    return store.commit(partition, batch)
  })

/** Tells of its own changes alone. */
const deafToOthers = (store: Store) =>
  telling(store, (tell, listeners) => async (partition, batch) => {
    const result = await store.commit(partition, batch)
    if (!batch.quiet && result.committed) tell(listeners, partition)
    return result
  })

/** Commits that only add to counters tell nobody. */
const deafToCounters = (store: Store): Store => ({
  ...store,
  commit: (partition, batch) =>
    store.commit(partition, {
      ...batch,
      quiet: batch.quiet ?? batch.writes.every((write) => 'add' in write),
    }),
})

async function failuresOf(open: (clock: Clock) => Promise<Store>): Promise<string[]> {
  const failures: string[] = []
  for (const { name, run } of storeCases({ open })) await run().catch(() => failures.push(name))
  return failures
}

/** Opens stores on one server, with a fault in each. */
function sharing(plant: (store: Store) => Store): (clock: Clock) => Promise<Store> {
  let now: Clock = Date.now
  const server = serverOf(() => now())
  return async (clock) => {
    now = clock
    return plant(server.open())
  }
}

describe('the conformance suite of stores', { timeout: 60_000 }, () => {
  it('passes stores that share their data', async () => {
    expect(await failuresOf(sharing((store) => store))).toEqual([])
  })

  it.each([
    [
      'that remembers what others have changed since',
      remembering,
      'what one has committed, the other reads at once, each time',
    ],
    [
      'that reads several records one after another',
      tearing,
      'a read of several records sees them all at one instant',
    ],
    [
      'whose watch tells of a change before it is made',
      tellingEarly,
      'a change can be read by the time that a watcher hears of it',
    ],
    ['whose watch is deaf to other processes', deafToOthers, 'a watcher hears what another process commits'],
    ['whose watch is deaf to counters', deafToCounters, 'watchers hear of a counter that is added to'],
  ])('fails a store %s', async (_fault, plant, promise) => {
    expect(await failuresOf(sharing(plant))).toContain(promise)
  })

  it('fails a store that keeps nothing once it is closed', async () => {
    let open: Store[] = []
    let server: Server | undefined
    const failures = await failuresOf(async (clock) => {
      if (open.length === 0) server = serverOf(clock)
      const store = server?.open() ?? memoryStore({ clock })
      const closing: Store = {
        ...store,
        async close() {
          open = open.filter((other) => other !== closing)
          await store.close()
        },
      }
      open.push(closing)
      return closing
    })
    expect(failures).toEqual(['what was acknowledged is there when all were closed'])
  })
})
