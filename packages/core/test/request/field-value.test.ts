import { describe, expect, it } from 'vitest'
import { mediaTypeOf, stripOws } from '../../src/request/field-value.js'

/** Whatever `trim()` and `\s` take for white space beside SP and HTAB. */
const NOT_WHITE_SPACE = [...'\v\f\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff']

describe('white space around a field value', () => {
  it('is SP and HTAB', () => {
    expect(stripOws(' \t a b\t ')).toBe('a b')
  })

  it.each(NOT_WHITE_SPACE)('is not %j (RFC 9110 §5.6.3)', (character) => {
    expect(stripOws(`${character}a${character}`)).toBe(`${character}a${character}`)
    expect(mediaTypeOf(`application/json${character}`)).not.toBe('application/json')
  })

  it('does not belong to a media type, nor do parameters', () => {
    expect(mediaTypeOf('Application/JSON ; charset=utf-8')).toBe('application/json')
    expect(mediaTypeOf(null)).toBeUndefined()
  })
})
