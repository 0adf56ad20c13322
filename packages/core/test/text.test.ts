import { describe, expect, it } from 'vitest'
import { boundedText } from '../src/text.js'

describe('text that people type', () => {
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
