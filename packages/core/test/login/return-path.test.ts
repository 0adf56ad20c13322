import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { returnPath } from '../../src/login/return-path.js'

const ORIGIN = 'https://gate.test'

describe('the way back from a login', () => {
  it.each(['/', '/token-manager', '/app?x=1&y=2#part', `${ORIGIN}/app`, '/a/b%20c'])(
    'leads to %s of ours',
    (text) => {
      expect(returnPath(text, ORIGIN)).toBe(text.replace(ORIGIN, ''))
    },
  )

  it.each([
    'https://evil.test',
    '//evil.test',
    '///evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    '/\t/evil.test',
    '/\n/evil.test',
    ' //evil.test',
    'javascript:alert(1)',
    'data:text/html,x',
    'https://gate.test@evil.test/',
    'https://user@gate.test/',
    'https://gate.test.evil.test/',
    'http://gate.test/',
    'https://gate.test:444/',
    '/..//evil.test',
    '/.//evil.test',
    '/oauth2/start',
    '/oauth2/../oauth2/sign_out',
    `/${'x'.repeat(2000)}`,
    undefined,
  ])('is the front page instead of %j', (text) => {
    expect(returnPath(text, ORIGIN)).toBe('/')
  })

  it('never leaves our origin, whatever was asked for', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      ':',
      '@',
      '#',
      '?',
      'evil.test',
      'gate.test',
      'https',
      '%2f',
      '\t',
      'a',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
        ),
        (text) => {
          const path = returnPath(text, ORIGIN)
          expect(path).toMatch(/^\/(?!\/)/)
          expect(new URL(path, ORIGIN).origin).toBe(ORIGIN)
        },
      ),
    )
  })
})
