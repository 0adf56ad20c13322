import { describe, expect, it } from 'vitest'
import { refuseUnlisted } from '../../src/auth-request/allowed.js'

const ann = { accountId: 'ann@eu.example.com', groups: ['ops'] }

describe('a place with lists of who may come', () => {
  it('is for everybody where no list is given, and for nobody where one is empty', () => {
    expect(refuseUnlisted({}, ann)).toBeUndefined()
    expect(refuseUnlisted({ groups: [] }, ann)?.code).toBe('group_insufficient')
    expect(refuseUnlisted({ emails: [] }, ann)?.code).toBe('account_not_listed')
    expect(refuseUnlisted({ emailDomains: [] }, ann)?.code).toBe('account_not_listed')
  })

  it('wants to be entered in each of them: a group opens nothing to an address that is not listed', () => {
    const allowed = { groups: ['ops'], emails: ['bob@example.com'] }
    expect(refuseUnlisted(allowed, ann)?.code).toBe('account_not_listed')
    expect(refuseUnlisted({ ...allowed, emails: ['ann@eu.example.com'] }, ann)).toBeUndefined()
  })

  it.each([
    ['eu.example.com', true],
    ['EU.example.com', true],
    ['.example.com', true],
    ['*.example.com', true],
    ['*.eu.example.com', true],
    // The domain above, or one that only ends alike, is another one.
    ['example.com', false],
    ['*.u.example.com', false],
    ['.com.', false],
    ['*', false],
    ['', false],
  ])('names the domain and what lies below it, by whole labels: %s', (domain, isAllowed) => {
    expect(refuseUnlisted({ emailDomains: [domain] }, ann) === undefined).toBe(isAllowed)
  })

  it('reads the domain behind the last @, and finds none in a subject without an address', () => {
    const tricky = { accountId: '"a@example.com"@evil.test', groups: [] }
    expect(refuseUnlisted({ emailDomains: ['example.com'] }, tricky)?.code).toBe('account_not_listed')
    const subject = { accountId: 'subject:example.com', groups: [] }
    expect(refuseUnlisted({ emailDomains: ['example.com', '.com'] }, subject)?.code).toBe(
      'account_not_listed',
    )
  })
})
