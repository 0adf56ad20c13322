import fc from 'fast-check'
import { expect, it } from 'vitest'
import { boundedMap } from '../../src/encoding/bounded-map.js'

it('a bounded map is a map from which the first key goes when there is one too many', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), key: fc.nat(9), value: fc.nat() }),
    fc.record({
      do: fc.constantFrom('delete' as const, 'clear' as const, 'oldest' as const),
      key: fc.nat(9),
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 60 }), (capacity, steps) => {
      const bounded = boundedMap<number, number>(capacity)
      const model = new Map<number, number>()
      for (const one of steps) {
        if (one.do === 'set') {
          if (!model.has(one.key) && model.size >= capacity) model.delete([...model.keys()][0] as number)
          model.set(one.key, one.value)
          bounded.set(one.key, one.value)
        } else if (one.do === 'delete') expect(bounded.delete(one.key)).toBe(model.delete(one.key))
        else if (one.do === 'clear') {
          model.clear()
          bounded.clear()
        } else expect(bounded.oldest()).toBe([...model.keys()][0])
        expect(bounded.size).toBe(model.size)
        for (let key = 0; key <= 9; key++)
          expect([bounded.has(key), bounded.get(key)]).toEqual([model.has(key), model.get(key)])
      }
    }),
    { numRuns: 500 },
  )
})

it('a bounded map that is full takes new keys as fast as one that is not', () => {
  const keys = Array.from({ length: 200_000 }, (_, at) => `key ${at}`)
  const secondsWith = (capacity: number) => {
    const map = boundedMap<string, number>(capacity)
    const begun = performance.now()
    for (const key of keys) map.set(key, 1)
    return performance.now() - begun
  }
  secondsWith(300_000)
  expect(secondsWith(100_000)).toBeLessThan(20 * secondsWith(300_000) + 100)
})
