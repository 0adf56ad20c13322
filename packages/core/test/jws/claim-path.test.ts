import { describe, expect, it } from 'vitest'
import { claimAt, parseClaimPath } from '../../src/jws/claim-path.js'

describe('the path of a claim', () => {
  it('is split at dots, unless it is given in parts', () => {
    expect(parseClaimPath('realm_access.roles')).toEqual(['realm_access', 'roles'])
    expect(parseClaimPath(['https://example.com/role'])).toEqual(['https://example.com/role'])
  })

  it.each(
    [
      ['', [], 'a..b', '.a', ['a', ''], [1], 7, null, undefined, Array(17).fill('a')].map((path) => [path]),
    ].flat(),
  )('is none: %j', (path) => {
    expect(parseClaimPath(path as string)).toBeUndefined()
  })
})

describe('what lies at a path', () => {
  const payload = JSON.parse('{"a":{"b":["x"]},"list":[1],"__proto__":{"own":true}}') as Record<
    string,
    unknown
  >

  it('is what the token says there', () => {
    expect(claimAt(payload, ['a', 'b'])).toEqual(['x'])
    expect(claimAt(payload, ['__proto__', 'own'])).toBe(true)
  })

  it.each([
    ['of nothing', ['missing', 'b']],
    ['below a text', ['a', 'b', '0']],
    ['an entry of a list', ['list', '0']],
    ['what every object has', ['constructor']],
    ['what every object inherits', ['a', '__proto__']],
    ['what a function has', ['a', 'toString', 'name']],
  ])('is nothing: %s', (_, path) => {
    expect(claimAt(payload, path)).toBeUndefined()
  })
})
