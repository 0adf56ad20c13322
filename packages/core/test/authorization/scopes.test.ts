import { describe, expect, it } from 'vitest'
import { chooseScopes, scopesOf, scopesToHandOn } from '../../src/authorization/scopes.js'
import { gateFixture, must, refusalOf } from '../gate/gate-fixture.js'

describe('scopes', () => {
  it('of an account have admin among them for administrators alone', async () => {
    const { context } = await gateFixture()
    const known = Object.keys(context.options.scopes)
    expect(known).toContain('admin')
    for (const role of ['viewer', 'user', 'team', 'customer'] as const)
      expect(scopesOf(context, role)).toEqual(known.filter((scope) => scope !== 'admin'))
    for (const role of ['admin', 'super_admin'] as const) expect(scopesOf(context, role)).toEqual(known)
  })

  it('of something new are each there once, are known, and lie within what may be given', async () => {
    const { context } = await gateFixture()
    expect(must(chooseScopes(context, {}))).toEqual([context.options.requiredScope])
    expect(must(chooseScopes(context, { scopes: ['api', 'api'], grantable: ['api'] }))).toEqual(['api'])
    for (const unknown of ['nothing', 'constructor', '__proto__', 'API', ''])
      expect(refusalOf(chooseScopes(context, { scopes: ['api', unknown] }))).toBe('scope_unknown')
    expect(refusalOf(chooseScopes(context, { scopes: ['api', 'admin'], grantable: ['api'] }))).toBe(
      'scope_insufficient',
    )
    expect(refusalOf(chooseScopes(context, { grantable: [] }))).toBe('scope_insufficient')
  })

  it('that the groups of a session gave are not handed on to what outlives the session', async () => {
    const { context } = await gateFixture()
    const session = { accountId: 'ann@example.com', scopes: ['api', 'admin'] }
    expect(scopesToHandOn(context, session as never)).toEqual(['api'])
    expect(scopesToHandOn(context, { ...session, accountId: 'admin@example.com' } as never)).toEqual([
      'api',
      'admin',
    ])
  })
})
