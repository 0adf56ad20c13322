import { describe, expect, it } from 'vitest'
import { errorOf, scimFixture, USER } from './scim-fixture.js'

describe('a PATCH (RFC 7644 §3.5.2)', () => {
  const full = {
    userName: 'user@example.com',
    displayName: 'A User',
    name: { givenName: 'A', familyName: 'User' },
    emails: [
      { value: 'home@example.com', type: 'home', primary: true },
      { value: 'work@example.com', type: 'work' },
    ],
  }

  it.each([
    [[{ op: 'replace', path: 'displayName', value: 'B' }], { displayName: 'B' }],
    [[{ op: 'Add', path: 'externalId', value: 'x' }], { externalId: 'x' }],
    [
      [{ op: 'replace', path: 'name.givenName', value: 'B' }],
      { name: { givenName: 'B', familyName: 'User' } },
    ],
    [
      [{ op: 'replace', path: 'name', value: { formatted: 'B' } }],
      { name: { formatted: 'B', givenName: 'A' } },
    ],
    [
      [{ op: 'replace', value: { 'name.familyName': 'C', displayname: 'C' } }],
      { displayName: 'C', name: { familyName: 'C' } },
    ],
    [[{ op: 'remove', path: 'displayName' }], { displayName: undefined }],
    [[{ op: 'replace', path: `${USER}:displayName`, value: 'B' }], { displayName: 'B' }],
    [
      [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'new@example.com' }],
      { emails: [{ value: 'home@example.com' }, { value: 'new@example.com', type: 'work' }] },
    ],
    [
      [{ op: 'add', path: 'emails[type eq "other"].value', value: 'o@example.com' }],
      { emails: [{}, {}, { value: 'o@example.com', type: 'other' }] },
    ],
    [
      [{ op: 'add', path: 'emails', value: [{ value: 'p@example.com', primary: true }] }],
      { emails: [{ value: 'home@example.com' }, {}, { value: 'p@example.com', primary: true }] },
    ],
    [
      [{ op: 'remove', path: 'emails[type eq "home"]' }],
      { emails: [{ value: 'work@example.com', type: 'work' }] },
    ],
    [
      [
        { op: 'replace', path: 'title', value: 'not kept' },
        {
          op: 'add',
          path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
          value: 'x',
        },
        { op: 'replace', path: 'phoneNumbers[type eq "work"].value', value: '1' },
      ],
      { displayName: 'A User' },
    ],
  ])('%j', async (operations, expected) => {
    const { create, patch, find } = await scimFixture()
    const { id } = await create(full)
    const response = await patch(id, ...operations)
    expect(response.status).toBe(200)
    expect({ displayName: undefined, ...(await find(id)) }).toMatchObject(expected)
    expect(await response.json()).toEqual(await find(id))
  })

  it.each([
    [{ op: 'move', path: 'active', value: false }, 'invalidSyntax'],
    [{ op: 'replace', path: 'active.', value: false }, 'invalidPath'],
    [{ op: 'replace', path: 'active[', value: false }, 'invalidPath'],
    [{ op: 'replace', path: 7, value: false }, 'invalidPath'],
    [{ op: 'remove' }, 'noTarget'],
    [{ op: 'remove', path: 'userName' }, 'mutability'],
    [{ op: 'replace', value: true }, 'invalidValue'],
    [{ op: 'replace', path: 'active', value: 'no' }, 'invalidValue'],
    [{ op: 'replace', path: 'emails[value eq "nobody@example.com"].type', value: 'x' }, 'noTarget'],
    [{ op: 'replace', path: 'emails[type sw "w"].value', value: 'x' }, 'invalidFilter'],
  ])('with %j is refused whole', async (operation, scimType) => {
    const { create, patch, find } = await scimFixture()
    const { id } = await create(full)
    const before = await find(id)
    const refused = await patch(id, { op: 'replace', path: 'displayName', value: 'changed' }, operation)
    expect(await errorOf(refused)).toEqual({ status: 400, scimType })
    expect(await find(id)).toEqual(before)
  })
})
