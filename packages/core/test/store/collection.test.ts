import { describe, expect, expectTypeOf, it } from 'vitest'
import { collection, count, counters, optional, type Storable, text } from '../../src/store/collection.js'
import { memoryStore } from '../../src/store/memory.js'

interface Thing {
  readonly name: string
  readonly size?: number
}

const things = collection<Thing>('things', { name: text, size: optional(count) }, 'thing')

describe('a typed collection', () => {
  it('reads what it has put, as what it was', async () => {
    const store = memoryStore()
    const placing = { sort: 7, expiresAt: Date.now() + 60_000 }
    await store.commit('p', { writes: [things.put('a', { name: 'one', size: 2 }, placing)] })
    const [stored] = await store.read('p', [things.key('a')])
    expect(stored).toMatchObject(placing)
    expect(stored && things.read(stored)).toEqual({ name: 'one', size: 2 })
    await store.commit('p', { writes: [things.delete('a')] })
    expect(await store.read('p', [things.key('a')])).toEqual([undefined])
  })

  it.each([[null], [5], ['text'], [[]], [{}], [{ name: 1 }], [{ name: 'one', size: 'two' }]])(
    'refuses a record of another shape instead of guessing what was meant: %j',
    (value) => {
      const stored = { id: 'a', value, version: '1', sort: 0 }
      expect(things.accepts(value)).toBe(false)
      expect(() => things.read(stored)).toThrow(
        expect.objectContaining({ code: 'store_unavailable', message: 'A record cannot be read: thing' }),
      )
    },
  )

  it('counts', async () => {
    const store = memoryStore()
    const uses = counters('uses')
    await store.commit('p', { writes: [uses.add('a', 2), uses.add('a', 3, { atMost: 5 })] })
    const refused = await store.commit('p', { writes: [uses.add('a', 1, { atMost: 5 })] })
    expect(refused).toMatchObject({ committed: false, refusedBy: 'limit' })
    const [stored] = await store.read('p', [uses.key('a')])
    expect(stored && uses.read(stored)).toBe(5)
  })

  it('is of what JSON gives back as it was, and of nothing else', () => {
    expectTypeOf<Thing>().toExtend<Storable<Thing>>()
    expectTypeOf<{ at: Date }>().not.toExtend<Storable<{ at: Date }>>()
    expectTypeOf<{ act: () => void }>().not.toExtend<Storable<{ act: () => void }>>()
    expectTypeOf<{ by: Map<string, string> }>().not.toExtend<Storable<{ by: Map<string, string> }>>()
    expectTypeOf<{ many: readonly Thing[] }>().toExtend<Storable<{ many: readonly Thing[] }>>()
    // @ts-expect-error a date would come back as text
    collection<{ at: Date }>('dates', {})
    // @ts-expect-error another shape
    things.put('a', { name: 1 })
  })
})
