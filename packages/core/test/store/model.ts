import { deepStrictEqual } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { memoryStore } from '../../src/store/memory.js'
import type { Clock, Store, StoredRecord } from '../../src/store/store.js'

const key = fc.record({ collection: fc.constantFrom('a', 'b'), id: fc.constantFrom('1', '2', '3') })
const deadline = fc.option(fc.integer({ min: -5, max: 20 }), { nil: undefined })
const write = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    key,
    value: fc.integer({ min: 0, max: 5 }),
    sort: fc.integer({ min: -3, max: 3 }),
    deadline,
  }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({
    kind: fc.constant('add' as const),
    key,
    amount: fc.integer({ min: -3, max: 3 }),
    atMost: fc.integer({ min: 0, max: 6 }),
    deadline,
  }),
)
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      writes: fc.array(write, { maxLength: 4 }),
      check: fc.option(fc.record({ key, isAbsent: fc.boolean() }), { nil: undefined }),
      once: fc.option(fc.constantFrom('x', 'y'), { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      milliseconds: fc.integer({ min: 1, max: 10 }),
    }),
  },
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Versions are each store's own; everything else has to be the same. */
function known(record: StoredRecord | undefined) {
  if (!record) return undefined
  const { version: _version, ...rest } = record
  return rest
}

/** Runs random steps on a store and on the reference, and compares every answer and everything that can be read. */
export function agreesWithMemory(open: (clock: Clock) => Promise<Store>) {
  return fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
    let now = Date.now()
    const clock = () => now
    const [store, reference] = [await open(clock), memoryStore({ clock })]
    const partition = `model-${randomBytes(9).toString('base64url')}`
    try {
      for (const next of steps) {
        if (next.kind === 'wait') now += next.milliseconds
        else
          deepStrictEqual(
            await commit(store, partition, next, now),
            await commit(reference, partition, next, now),
          )
        deepStrictEqual(await everything(store, partition), await everything(reference, partition))
      }
    } finally {
      await store.close()
      await reference.close()
    }
  })
}

async function commit(store: Store, partition: string, step: Extract<Step, { kind: 'commit' }>, now: number) {
  const [checked] = step.check ? await store.read(partition, [step.check.key]) : []
  const checks = step.check && [
    { key: step.check.key, version: step.check.isAbsent ? null : (checked?.version ?? 'none') },
  ]
  const writes = step.writes.map((each) => {
    if (each.kind === 'delete') return { delete: each.key }
    const expiry = each.deadline === undefined ? {} : { expiresAt: now + each.deadline }
    if (each.kind === 'put') return { put: each.key, value: each.value, sort: each.sort, ...expiry }
    return { add: each.key, amount: each.amount, atMost: each.atMost, ...expiry }
  })
  return store.commit(partition, {
    writes,
    ...(checks ? { checks } : {}),
    ...(step.once === undefined ? {} : { once: { key: step.once, expiresAt: now + 10 } }),
  })
}

async function everything(store: Store, partition: string) {
  const seen = []
  for (const collection of ['a', 'b']) {
    const keys = ['1', '2', '3'].map((id) => ({ collection, id }))
    const range = { from: -1, to: 2 }
    seen.push({
      read: (await store.read(partition, keys)).map(known),
      page: (await store.page(partition, collection, { limit: 1000, order: 'descending' })).records.map(
        known,
      ),
      count: await store.count(partition, collection),
      within: await store.count(partition, collection, range),
    })
  }
  return seen
}
