import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { headerFilter, normaliseName } from '../../src/proxy/header-fields.js'
import { describeIdentity } from '../../src/proxy/identity-headers.js'
import { visibleAscii } from '../../src/request/field-value.js'
import { ANNA, call, startGate, startUpstream } from './harness.js'

describe('visibleAscii', () => {
  it.each([
    ['anna+tag@example.com', 'anna+tag@example.com'],
    ['jürgen@müller.example', 'j%C3%BCrgen@m%C3%BCller.example'],
    ['100%@example.com', '100%25@example.com'],
    ['a b\r\nX: y', 'a%20b%0D%0AX:%20y'],
    ['', ''],
  ])('%j becomes %s', (text, expected) => {
    expect(visibleAscii(text)).toBe(expected)
  })

  it('keeps every text, and only visible ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = visibleAscii(text)
        expect(encoded).toMatch(/^[\x21-\x7e]*$/)
        expect(decodeURIComponent(encoded)).toBe(text)
      }),
    )
  })
})

describe('headerFilter', () => {
  it('knows every spelling that some server reads as the same name', () => {
    const removed = headerFilter(['X-User_Id', 'X-Team-*'])
    for (const name of ['x-user-id', 'X_USER_ID', 'x.user~id', 'x-team-', 'X_Team_Role'])
      expect(removed(normaliseName(name))).toBe(true)
    for (const name of ['x-user', 'x-user-ids', 'x-teams', 'team-'])
      expect(removed(normaliseName(name))).toBe(false)
  })
})

describe('the identity headers', () => {
  it('carry what they are configured to, encoded, and nothing that is not there', async () => {
    const { url, received } = await startUpstream()
    const { port } = await startGate(
      {
        upstream: { url },
        identityHeaders: {
          'X-User': 'accountId',
          'x-mail': 'email',
          'x-name': 'name',
          'x-groups': 'groups',
          'x-role': 'role',
          'x-credential': 'credentialId',
        },
      },
      { who: () => ({ ...ANNA, email: 'jürgen@example.com', name: 'Jürgen Ä', groups: ['a,b', 'ç'] }) },
    )
    await call(port, { path: '/a' })
    expect(received[0]?.headers).toMatchObject({
      'x-user': 'anna@example.com',
      'x-mail': 'j%C3%BCrgen@example.com',
      'x-name': 'J%C3%BCrgen%20%C3%84',
      'x-groups': 'a%2Cb,%C3%A7',
      'x-role': 'user',
      'x-credential': 'jti-1',
    })
    expect(received[0]?.headers).not.toHaveProperty('x-portcullis-user')
  })

  it('leave out a name that the identity does not have', () => {
    const { name: _, ...nameless } = ANNA
    expect(describeIdentity(nameless, [['x-name', 'name']])).toEqual([])
  })
})
