import { describe, expect, it } from 'vitest'
import { pickCredential } from '../../src/authentication/authenticate.js'
import { gateFixture } from '../gate/gate-fixture.js'

const { context } = await gateFixture()
const sid = '__Host-portcullis_session'

function pick(...rawHeaders: string[]) {
  const picked = pickCredential({ method: 'GET', target: '/', rawHeaders }, context.credentialKinds)
  if (picked.by === 'head') return { by: picked.kind.name, credential: picked.credential }
  return picked.by === 'refused' ? picked.denial.code : picked
}

describe('the credential of a request', () => {
  it('is a bearer token in any spelling of header and scheme, or an x-api-key', () => {
    const bearer = { by: 'bearer', credential: 'abc' }
    expect(pick('Authorization', 'Bearer abc')).toEqual(bearer)
    expect(pick('AUTHORIZATION', 'bearer   abc')).toEqual(bearer)
    expect(pick('X-Api-Key', 'abc')).toEqual(bearer)
    expect(pick('x-api-key', 'abc', 'authorization', 'Bearer abc')).toEqual(bearer)
  })

  it('goes before a session cookie', () => {
    expect(pick('cookie', `${sid}=s`, 'authorization', 'Bearer abc')).toEqual({
      by: 'bearer',
      credential: 'abc',
    })
    expect(pick('cookie', `other=1; ${sid}=s`)).toEqual({ by: 'session', credential: 's' })
    expect(pick('cookie', `x${sid}=s; ${sid}=`)).toEqual({ by: 'none' })
  })

  it.each([...'\v\f\u00a0\u1680\u2003\u2028\u3000\ufeff'])(
    'is no cookie that a sibling host planted under a name that only begins with %j',
    (character) => {
      for (const header of [
        `${character}${sid}=planted`,
        `a=1;${character}${sid}=planted`,
        `a=1; ${character}${sid}=p`,
      ])
        expect(pick('cookie', header)).toEqual({ by: 'none' })
      expect(pick('cookie', `${character}${sid}=planted; \t${sid}=own`)).toEqual({
        by: 'session',
        credential: 'own',
      })
    },
  )

  it('is refused when there are two Authorization headers, even equal ones', () => {
    expect(pick('authorization', 'Bearer a', 'Authorization', 'Bearer a')).toBe('credentials_ambiguous')
  })

  it('is refused when two bearer credentials differ (RFC 6750 §2)', () => {
    expect(pick('authorization', 'Bearer a', 'x-api-key', 'b')).toBe('credentials_ambiguous')
    expect(pick('x-api-key', 'a', 'x-api-key', 'b')).toBe('credentials_ambiguous')
  })

  it.each([
    'Basic dXNlcjpwYXNz',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a\tb',
    'Bearer\u00a0a',
    'Bearer a, Bearer b',
    'abc',
    '',
  ])('is refused as unreadable for %j', (header) => {
    expect(pick('authorization', header)).toBe('credentials_malformed')
  })
})
