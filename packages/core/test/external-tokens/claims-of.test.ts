import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { TrustedIssuerOptions } from '../../src/external-tokens/options.js'
import type { StandardSchema } from '../../src/input/standard-schema.js'
import { must, refusalOf } from '../gate/gate-fixture.js'
import { trustedIssuer } from './issuer-fixture.js'

async function verified(claims: Record<string, unknown>, options: Partial<TrustedIssuerOptions> = {}) {
  const { verify, token } = await trustedIssuer(options)
  return verify(await token(claims))
}

describe('the role', () => {
  it.each([
    ['admin', 'admin'],
    ['user', 'user'],
    ['viewer', 'viewer'],
    ['team', 'team'],
    ['customer', 'customer'],
    ['super_admin', 'user'],
    ['ADMIN', 'user'],
    ['constructor', 'user'],
    ['__proto__', 'user'],
    [['viewer', 'admin', 'user'], 'admin'],
    [['viewer', 'unheard of', 7], 'viewer'],
    [['customer', 'team'], 'team'],
    [['team', 'user'], 'user'],
    [[['admin']], 'user'],
    [{ admin: true }, 'user'],
    [true, 'user'],
    [undefined, 'user'],
  ])('of %j is mapped to %s', async (role, mapped) => {
    expect(must(await verified({ role })).role).toBe(mapped)
  })

  it('may be mapped otherwise, over the defaults', async () => {
    const roles = { 'platform-team': 'admin', admin: 'viewer' } as const
    expect(must(await verified({ role: 'platform-team' }, { roles })).role).toBe('admin')
    expect(must(await verified({ role: 'admin' }, { roles })).role).toBe('viewer')
    expect(must(await verified({ role: 'team' }, { roles })).role).toBe('team')
  })

  it.each([['intern'], [undefined], [[]], [7]])(
    'of %j is refused where only mapped ones are let in',
    async (role) => {
      expect(refusalOf(await verified({ role }, { unknownRole: 'refuse' }))).toBe('role_insufficient')
    },
  )

  it('may lie deep, and under names that have dots', async () => {
    const realm = { claims: { role: 'realm_access.roles' } }
    expect(must(await verified({ realm_access: { roles: ['x', 'admin'] } }, realm)).role).toBe('admin')
    const namespaced = { claims: { role: ['https://example.com/claims', 'role'] } }
    expect(must(await verified({ 'https://example.com/claims': { role: 'admin' } }, namespaced)).role).toBe(
      'admin',
    )
    const inherited = { claims: { role: 'toString.name' }, roles: { toString: 'admin' } } as const
    expect(must(await verified({}, inherited)).role).toBe('user')
  })
})

describe('the account', () => {
  it('is the canonical e-mail', async () => {
    expect(must(await verified({ email: ' Ann@Example.COM ' })).accountId).toBe('ann@example.com')
  })

  it('is the user id where there is no e-mail and the user id is one', async () => {
    expect(must(await verified({ email: undefined, sub: 'Bob@example.com' })).accountId).toBe(
      'bob@example.com',
    )
    const upn = { claims: { email: 'upn', userId: 'oid' } }
    expect(must(await verified({ upn: 'eve@example.com', oid: '7' }, upn)).accountId).toBe('eve@example.com')
  })

  it.each([
    { email: undefined, sub: 'ci-runner' },
    { email: undefined, sub: undefined },
    { email: undefined, sub: 7 },
    { email: 'ann', sub: 'bob@example.com' },
    { email: null, sub: 'bob@example.com' },
    { email: '', sub: 'bob@example.com' },
    { email: ['ann@example.com'], sub: 'bob@example.com' },
    { email: 'ann@example.com\n' + 'x' },
    { email: 'ann@ＥXAMPLE.com' },
  ])('is never made up: %j is refused', async (claims) => {
    expect(refusalOf(await verified(claims))).toBe('email_missing')
  })

  it.each([false, 'false', 'False', 0, null])(
    'is refused when email_verified is %j',
    async (email_verified) => {
      expect(refusalOf(await verified({ email_verified }))).toBe('email_unverified')
    },
  )

  it.each([true, 'true'])('is taken when email_verified is %j', async (email_verified) => {
    expect((await verified({ email_verified })).ok).toBe(true)
  })
})

describe('scopes', () => {
  it.each([
    ['api  tokens:write', ['api', 'tokens:write']],
    [
      ['api', 'unheard of'],
      ['api', 'unheard of'],
    ],
    ['', []],
    [[], []],
    [undefined, undefined],
  ])('of %j are %j', async (scope, scopes) => {
    expect(must(await verified({ scope })).scopes).toEqual(scopes)
  })

  it.each([[7], [null], [{ api: true }], [['api', 7]]])('of %j are not taken for none', async (scope) => {
    expect(refusalOf(await verified({ scope }))).toBe('token_invalid')
  })

  it('may be claimed under another name', async () => {
    expect(must(await verified({ scp: ['api'] }, { claims: { scopes: 'scp' } })).scopes).toEqual(['api'])
  })
})

describe('the team', () => {
  it('is what the claim says', async () => {
    const options = { claims: { team: 'org.team_id' } }
    expect(must(await verified({ org: { team_id: 'blue' } }, options)).team).toBe('blue')
    expect(must(await verified({}, options)).team).toBeUndefined()
  })

  it.each([[''], [7], [null], [['blue', 'red']], ['blue\u202e'], ['x'.repeat(257)]])(
    'of %j is refused rather than left out, since budgets hang on it',
    async (team) => {
      expect(refusalOf(await verified({ team }))).toBe('token_invalid')
    },
  )
})

describe('the name', () => {
  it('is one line of text', async () => {
    expect(must(await verified({ name: 'Ann\u202e\nLee' })).name).toBe('Ann Lee')
    expect(must(await verified({ name: ['Ann'] })).name).toBeUndefined()
  })
})

describe('the claims schema', () => {
  const claimsSchema = z.object({ org: z.string(), level: z.coerce.number() })

  it('makes the claims of the whole payload', async () => {
    const claims = { org: 'acme', level: '3' }
    expect(must(await verified(claims, { claimsSchema })).claims).toEqual({ org: 'acme', level: 3 })
    expect(must(await verified(claims)).claims).toBeUndefined()
  })

  it('refuses what does not fit it', async () => {
    expect(refusalOf(await verified({ org: 7 }, { claimsSchema }))).toBe('token_invalid')
  })

  it('is asked on every request, also of a remembered token, and may answer later', async () => {
    let allowed = true
    const schema: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value) => (allowed ? { value } : { issues: [{ message: 'no' }] }),
      },
    }
    const { verify, token } = await trustedIssuer({ claimsSchema: schema })
    const compact = await token()
    expect((await verify(compact)).ok).toBe(true)
    allowed = false
    expect(refusalOf(await verify(compact))).toBe('token_invalid')
  })

  it('that throws lets nobody in and is reported', async () => {
    const schema: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => {
          throw new Error('broken')
        },
      },
    }
    const { verify, token, events } = await trustedIssuer({ claimsSchema: schema })
    expect(refusalOf(await verify(await token()))).toBe('token_invalid')
    expect(events.at(-1)).toMatchObject({ level: 'error', code: 'claims_schema_failed' })
  })

  it('cannot change what is remembered of a token', async () => {
    const schema: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => {
          Object.assign(value as object, { email: 'root@example.com' })
          return { value }
        },
      },
    }
    const { verify, token } = await trustedIssuer({ claimsSchema: schema })
    const compact = await token()
    for (let time = 0; time < 2; time++) expect(refusalOf(await verify(compact))).toBe('token_invalid')
  })
})
