import { describe, expect, it } from 'vitest'
import { boundedText, lineOf } from '../../src/encoding/text.js'

describe('text that others say of people', () => {
  it('is kept as one bounded line without control or direction-changing characters', () => {
    expect(boundedText('  a\u0000b\r\nc\u202ed\u2028e  ', 100)).toBe('a b c d e')
    expect([...boundedText('x'.repeat(10_240), 100)]).toHaveLength(100)
  })

  it('keeps markup as the text that it is', () => {
    expect(boundedText('<img src=x onerror=alert(1)>', 100)).toBe('<img src=x onerror=alert(1)>')
  })

  it('is never cut inside a character', () => {
    expect(boundedText('😀'.repeat(200), 100)).toBe('😀'.repeat(100))
  })
})

describe('text that people type', () => {
  it('is one line of the characters that it may have, or nothing', () => {
    expect(lineOf(' a\r\nb ', 3)).toBe('a b')
    expect(lineOf('😀'.repeat(100), 100)).toBe('😀'.repeat(100))
    expect(lineOf('x'.repeat(101), 100)).toBeUndefined()
    expect(lineOf('😀'.repeat(101), 100)).toBeUndefined()
    expect(lineOf(`${'x'.repeat(100)}${' '.repeat(1000)}`, 100)).toBe('x'.repeat(100))
  })
})
