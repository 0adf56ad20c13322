import { describe, expect, it } from 'vitest'
import { describePerson, namesAddress, readAddress } from '../../src/oidc/claims.js'
import type { EmailVerification } from '../../src/oidc/options.js'

const options = (emailVerification: EmailVerification = 'claim', emailClaim = 'email') => ({
  emailClaim,
  emailVerification,
})

describe('an address of the provider', () => {
  it.each([
    [true, true, true, true],
    ['true', true, true, true],
    [undefined, false, true, true],
    [false, false, false, true],
    ['false', false, false, true],
    [1, false, false, true],
    [null, false, false, true],
    ['TRUE', false, false, true],
  ])(
    'with email_verified %j is verified by the claim: %s, by trust in the provider: %s, without a word: %s',
    (said, ...verified) => {
      const claims = { email: 'a@example.com', ...(said === undefined ? {} : { email_verified: said }) }
      const kinds: EmailVerification[] = ['claim', 'insecure-trust-provider', 'insecure-trust-unverified']
      expect(kinds.map((kind) => readAddress(claims, {}, options(kind)).emailVerified)).toEqual(verified)
    },
  )

  it('that is not there is explained by the names of the claims, never by what they say', () => {
    const claims = { sub: 'secret-subject', upn: 'secret@example.com', 'bad name\n': 1, iss: 'x' }
    const { addressProblem } = readAddress(claims, {}, options())
    expect(addressProblem?.reason).toContain('sub, upn')
    expect(JSON.stringify(addressProblem)).not.toMatch(/secret|bad name|iss/)
  })

  it('is taken of a source only together with its own word for it (OpenID Connect Core 1.0 §5.1)', () => {
    expect(namesAddress({ email: 'a@example.com' }, options())).toBe(false)
    expect(namesAddress({ email: 'a@example.com', email_verified: false }, options())).toBe(true)
    expect(namesAddress({ email: 'a@example.com' }, options('insecure-trust-provider'))).toBe(true)
    expect(namesAddress({ upn: 7, email_verified: true }, options('claim', 'upn'))).toBe(false)
  })
})

describe('groups of the provider', () => {
  it('are texts and nothing else; a single one may come without a list', () => {
    expect(describePerson({ groups: ['a', 1, null, { b: 1 }, 'c'] }, 'groups').groups).toEqual(['a', 'c'])
    expect(describePerson({ groups: 'a' }, 'groups').groups).toEqual(['a'])
    expect(describePerson({ groups: { a: true } }, 'groups').groups).toEqual([])
  })

  it('lie at a path, unless a claim has this very name', () => {
    const claims = { realm: { groups: ['deep'] }, 'realm.groups': ['named'] }
    expect(describePerson(claims, 'realm.groups').groups).toEqual(['named'])
    expect(describePerson({ realm: claims.realm }, 'realm.groups').groups).toEqual(['deep'])
    expect(describePerson({}, '__proto__.constructor').groups).toEqual([])
  })

  it('that the provider keeps back because they are too many are not taken for none', () => {
    expect(describePerson({ _claim_names: { groups: 'src1' } }, 'groups').groupsWithheld).toBe(true)
    expect(describePerson({ hasgroups: 'true' }, 'groups').groupsWithheld).toBe(true)
    expect(describePerson({ hasgroups: true }, 'roles').groupsWithheld).toBeUndefined()
  })
})
