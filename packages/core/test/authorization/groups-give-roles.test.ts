import { describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { resolveOptions } from '../../src/gate/resolve-options.js'
import { actingAs, gateFixture, must } from '../gate/gate-fixture.js'
import { apiKeyOf, httpFixture, sessionOf, tokenOf } from '../http/http-fixture.js'
import { refusalWith } from '../scim/scim-fixture.js'

const USER = 'user@example.com'
const roleByGroup = { platform: 'admin', guests: 'viewer', staff: 'user' } as const

async function gate() {
  const fixture = await httpFixture({ roleByGroup })
  const roleWith = async (headers: Record<string, string>) => {
    const response = await fixture.call('GET', '/oauth2/userinfo', { headers })
    return ((await response.json()) as { role?: string }).role
  }
  return { ...fixture, roleWith }
}

describe('the role of a session', () => {
  it.each([
    [USER, ['platform'], 'admin'],
    [USER, ['guests'], 'viewer'],
    [USER, ['guests', 'staff'], 'user'],
    [USER, ['staff', 'platform', 'guests'], 'admin'],
    [USER, ['Platform', 'toString'], 'user'],
    ['admin@example.com', ['guests'], 'admin'],
    ['root@example.com', ['guests', 'platform'], 'super_admin'],
  ])('of %s in the groups %j is %s', async (email, groups, role) => {
    const { context, roleWith } = await gate()
    expect(await roleWith(await sessionOf(context, email, groups))).toBe(role)
  })

  it('comes from no group unless the option says so', async () => {
    const { context, call } = await httpFixture()
    const headers = await sessionOf(context, USER, ['admin', 'super_admin', 'admins'])
    expect((await call('GET', '/api/admin/tokens', { headers })).status).toBe(403)
  })

  it('that a group made an admin can administer, but not over a super admin', async () => {
    const { context, call } = await gate()
    const headers = await sessionOf(context, USER, ['platform'])
    expect((await call('GET', '/api/admin/tokens', { headers })).status).toBe(200)
    expect((await call('POST', '/api/admin/store/accept-loss', { headers })).status).toBe(403)
    const body = { user_email: 'root@example.com' }
    const answer = await call('POST', '/api/admin/sessions/revoke-user', { headers, body })
    expect(await answer.json()).toMatchObject({ code: 'super_admin_protected' })
  })

  it('lifts no ban', async () => {
    const { context } = await gate()
    const headers = await sessionOf(context, USER, ['platform'])
    must(await banAccount(context, { account: USER, by: actingAs('root@example.com') }))
    expect(await refusalWith(context, headers)).toMatch(/^(account_banned|session_invalid)$/)
    await expect(sessionOf(context, USER, ['platform'])).rejects.toThrow('account_banned')
  })
})

describe('tokens and API keys, which carry no groups', () => {
  it('get no right from one: neither the role nor a scope for it', async () => {
    const { context, call, roleWith } = await gate()
    const headers = await sessionOf(context, USER, ['platform'])
    expect(await roleWith(await tokenOf(context, USER, ['api']))).toBe('user')
    expect(await roleWith(await apiKeyOf(context, USER, ['api']))).toBe('user')
    for (const path of ['/api/token/generate', '/v1/user/keys']) {
      const answer = await call('POST', path, { headers, body: { scopes: ['admin'] } })
      expect(await answer.json()).toMatchObject({ code: 'scope_insufficient' })
    }
  })

  it('only read once the last login was by a viewer, also those from before, until a login says otherwise', async () => {
    const { context, call, roleWith } = await gate()
    const [token, key] = [await tokenOf(context, USER, ['api']), await apiKeyOf(context, USER, ['api'])]
    expect(await roleWith(token)).toBe('user')
    const viewer = await sessionOf(context, USER, ['guests'])
    expect([await roleWith(token), await roleWith(key)]).toEqual(['viewer', 'viewer'])
    const issued = await call('POST', '/api/token/generate', { headers: viewer, body: {} })
    expect(await issued.json()).toMatchObject({ code: 'role_insufficient' })
    await sessionOf(context, USER, ['staff'])
    expect([await roleWith(token), await roleWith(key)]).toEqual(['user', 'user'])
  })

  it('of an administrator by configuration are not less for a group', async () => {
    const { context, roleWith } = await gate()
    await sessionOf(context, 'admin@example.com', ['guests'])
    expect(await roleWith(await tokenOf(context, 'admin@example.com', ['api']))).toBe('admin')
  })
})

it.each([[{ root: 'super_admin' }], [{ '': 'viewer' }], [{ crew: 'team' }]])(
  'does not start with %j',
  async (wrong) => {
    const { options } = await gateFixture()
    expect(() => resolveOptions({ ...options, roleByGroup: wrong as never })).toThrow(
      expect.objectContaining({ problems: [expect.stringContaining('roleByGroup')] }),
    )
  },
)
