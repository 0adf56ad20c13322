import { describe, expect, it } from 'vitest'
import { planBatch } from '../../src/store/plan.js'
import type { Batch, StoredRecord } from '../../src/store/store.js'

const NOW = 1_000
const key = (id: string) => ({ collection: 'c', id })

/** What a batch comes to over these records. */
function plan(batch: Batch, records: Record<string, Partial<StoredRecord>> = {}) {
  let versions = 0
  return planBatch(batch, {
    now: NOW,
    live: ({ id }) => records[id] && { id, version: 'old', value: null, sort: 0, ...records[id] },
    newVersion: () => `new-${++versions}`,
  })
}

describe('a batch', () => {
  it('whose last check fails says which, and writes nothing', () => {
    const checks = [
      { key: key('a'), version: 'old' },
      { key: key('b'), version: null },
      { key: key('c'), version: 'other' },
    ]
    const planned = plan({ checks, writes: [{ put: key('a'), value: 1 }] }, { a: {}, c: {} })
    expect(planned).toEqual({ result: { committed: false, refusedBy: 'check', index: 2 }, writes: [] })
  })

  it('beyond a limit says where, and takes back what stood before it', () => {
    const writes = [
      { put: key('a'), value: 1 },
      { add: key('n'), amount: 2, atMost: 2 },
      { add: key('n'), amount: 1, atMost: 2 },
    ]
    expect(plan({ writes })).toEqual({
      result: { committed: false, refusedBy: 'limit', index: 2 },
      writes: [],
    })
  })

  it('counts on what it has written itself, and keeps the deadline that a counter has', () => {
    const writes = [
      { add: key('n'), amount: 2, expiresAt: NOW + 9 },
      { delete: key('n') },
      { add: key('n'), amount: 5, expiresAt: NOW + 5 },
      { add: key('m'), amount: -1, expiresAt: NOW + 9 },
    ]
    const { result, writes: planned } = plan(
      { writes },
      { n: { value: 3 }, m: { value: 1, expiresAt: NOW + 1 } },
    )
    expect(result).toEqual({ committed: true, totals: [5, 5, 0], repeated: false })
    expect(planned.map(({ record }) => [record?.id, record?.value, record?.expiresAt])).toEqual([
      ['n', 5, NOW + 5],
      ['m', 0, NOW + 1],
    ])
  })

  it('that was committed before is answered with its totals, and written no second time', () => {
    const batch: Batch = {
      once: { key: 'x', expiresAt: NOW + 9 },
      writes: [{ add: key('n'), amount: 1 }],
    }
    const [first] = plan(batch).writes.slice(-1)
    expect(first?.record?.value).toEqual([1])
    const again = planBatch(batch, { now: NOW, live: () => first?.record, newVersion: () => 'v' })
    expect(again).toEqual({ result: { committed: true, totals: [1], repeated: true }, writes: [] })
  })

  it('leaves nothing of what is past its deadline already', () => {
    const { writes } = plan({ writes: [{ put: key('a'), value: 1, expiresAt: NOW }] })
    expect(writes).toEqual([{ key: key('a'), record: undefined }])
  })

  it.each([
    ['a fraction', 0.5, 1],
    ['a sum that loses digits', 1, Number.MAX_SAFE_INTEGER],
    ['what is no counter', 1, 'text'],
  ])('throws for %s instead of counting wrongly', (_, amount, value) => {
    expect(() => plan({ writes: [{ add: key('n'), amount }] }, { n: { value } })).toThrow(TypeError)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'throws for a sort of %s, which has no place in a list',
    (sort) => {
      expect(() => plan({ writes: [{ put: key('a'), value: 1, sort }] })).toThrow(TypeError)
    },
  )
})
