import { expect, it } from 'vitest'
import { readUserNameFilter } from '../../src/scim/filter.js'

it.each([
  ['userName eq "ann@example.com"', 'ann@example.com'],
  [' USERNAME  EQ  "a" ', 'a'],
  ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a"', 'a'],
  ['userName eq "\\u0061\\""', 'a"'],
])('the filter of a directory names one user (RFC 7644 §3.4.2.2): %s', (filter, name) => {
  expect(readUserNameFilter(filter)).toMatchObject({ ok: true, value: name })
})

it.each([
  '',
  'userName eq a',
  'userName eq "a" or userName eq "b"',
  'userName eq "a" and active eq true',
  'not (userName eq "a")',
  'userName ne "a"',
  'userName co "a"',
  'emails.userName eq "a"',
  'userName eq "\\x61"',
  'userName eq "a\n"',
])('another filter is refused, and never answered as if it were that one: %j', (filter) => {
  expect(readUserNameFilter(filter)).toMatchObject({ ok: false })
})
