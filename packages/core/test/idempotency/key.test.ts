import { describe, expect, it } from 'vitest'
import { readIdempotencyKey } from '../../src/idempotency/key.js'
import { must, refusalOf } from '../gate/gate-fixture.js'

const read = (...values: string[]) =>
  readIdempotencyKey(values.flatMap((value) => ['Idempotency-Key', value]))

describe('an Idempotency-Key', () => {
  it('is what was sent, with or without the quotes of a structured string', () => {
    expect(must(read())).toBeUndefined()
    expect(must(read('8e03978e-40d5'))).toBe('8e03978e-40d5')
    expect(must(read('"8e03978e-40d5"'))).toBe('8e03978e-40d5')
    expect(must(read('"a, \\"b\\" \\\\"'))).toBe('a, "b" \\')
    expect(must(read('x'.repeat(255)))).toHaveLength(255)
    expect(must(read(`"${'x'.repeat(255)}"`))).toHaveLength(255)
  })

  it.each([
    ['is empty', ['']],
    ['is empty in quotes', ['""']],
    ['is too long', ['x'.repeat(256)]],
    ['has a control character', ['a\u0007b']],
    ['is no ASCII', ['schlüssel']],
    ['has a blank without quotes', ['a b']],
    ['is not closed', ['"a']],
    ['escapes what needs none', ['"\\a"']],
    ['has parameters', ['"a";b=1']],
    ['was sent twice', ['a', 'a']],
    ['was sent twice and joined on its way', ['a, a']],
    ['was sent twice in quotes and joined on its way', ['"a", "a"']],
  ])('that %s is refused', (_name, values) => {
    expect(refusalOf(read(...values))).toBe('idempotency_key_invalid')
  })
})
