import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalEmail, partitionOf } from '../../src/accounts/account-id.js'

describe('canonical e-mail', () => {
  it('gives every spelling of an address one form', () => {
    for (const spelling of [
      'case@example.com',
      ' Case@Example.COM ',
      'CASE@EXAMPLE.COM\n',
      '\tcase@example.com',
    ])
      expect(canonicalEmail(spelling)).toBe('case@example.com')
  })

  it('takes composed and decomposed letters for the same', () => {
    expect(canonicalEmail('jose\u0301@example.com')).toBe(canonicalEmail('jos\u00e9@example.com'))
  })

  it.each([
    '',
    '@',
    'nobody',
    '@example.com',
    'nobody@',
    'a@b@c',
    'a b@example.com',
    'a\u0000@example.com',
    'a\u200b@example.com',
    `${'a'.repeat(250)}@example.com`,
  ])('is refused for %j, which is no address', (text) => {
    expect(canonicalEmail(text)).toBeUndefined()
  })

  it.each([
    '\u212aevin@example.com',
    'admin\uff20example.com',
    '\uff41dmin@example.com',
    'a@ex\u017fample.com',
  ])('is refused for %j, which folds into the address of someone else', (text) => {
    expect(canonicalEmail(text)).toBeUndefined()
  })

  it('is its own canonical form, whatever was typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (local, domain) => {
        const canonical = canonicalEmail(`${local}@${domain}`)
        if (canonical !== undefined) expect(canonicalEmail(canonical)).toBe(canonical)
      }),
    )
  })
})

describe('the partition of an account', () => {
  it('tells nobody who it is and is the same every time', () => {
    const partition = partitionOf('case@example.com', Buffer.alloc(32, 1))
    expect(partition).toMatch(/^[\w-]{22}$/)
    expect(partition).toBe(partitionOf('case@example.com', Buffer.alloc(32, 1)))
    expect(partition).not.toBe(partitionOf('case@example.com', Buffer.alloc(32, 2)))
    expect(partition).not.toBe(partitionOf('cast@example.com', Buffer.alloc(32, 1)))
  })
})
