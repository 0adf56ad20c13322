import { describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { forceLogout, signOutEverywhere } from '../../src/accounts/force-logout.js'
import { unbanAccount } from '../../src/accounts/unban.js'
import { identify } from '../../src/authentication/authenticate.js'
import type { Deps } from '../../src/context/context.js'
import { startSession } from '../../src/sessions/start.js'
import { issueToken } from '../../src/tokens/issue.js'
import { actingAs, gateFixture, must, PROGRAM, refusalOf } from '../gate/gate-fixture.js'

const account = 'user@example.com'
const admin = 'admin@example.com'
const by = actingAs(admin)
const facts = { email: account, groups: [], issuer: 'https://idp.test', subject: '1', idToken: 'x.y.z' }

async function someoneLoggedIn() {
  const fixture = await gateFixture()
  const { token } = must(await issueToken(fixture.deps, { by: PROGRAM, account }))
  const { cookieValue } = must(await startSession(fixture.deps, facts))
  return { ...fixture, token, cookieValue }
}

function withToken(deps: Deps, token: string) {
  return identify(deps, { method: 'GET', target: '/', rawHeaders: ['x-api-key', token] })
}

function withCookie(deps: Deps, value: string) {
  const rawHeaders = ['Cookie', `a=b; __Host-portcullis_session=${value}`]
  return identify(deps, { method: 'GET', target: '/', rawHeaders })
}

describe('a banned account', () => {
  it('can do nothing with its sessions and tokens, nor get new ones', async () => {
    const { deps, token, cookieValue } = await someoneLoggedIn()
    expect(must(await banAccount(deps, { account, by }))).toMatchObject({
      endedSessions: 1,
      revokedTokens: 1,
    })
    expect(refusalOf(await withToken(deps, token))).toBe('account_banned')
    expect(refusalOf(await withCookie(deps, cookieValue))).toBe('account_banned')
    await deps.pruning.settled()
    expect(refusalOf(await withCookie(deps, cookieValue)), 'once pruned').toBe('account_banned')
    expect(refusalOf(await issueToken(deps, { by: PROGRAM, account }))).toBe('account_banned')
    expect(refusalOf(await startSession(deps, facts))).toBe('account_banned')
  })

  it('stays dead in everything issued before the ban once it is lifted', async () => {
    const { deps, token, cookieValue } = await someoneLoggedIn()
    must(await banAccount(deps, { account, by }))
    must(await unbanAccount(deps, { account, by }))
    expect(refusalOf(await withToken(deps, token))).toBe('token_revoked')
    expect(refusalOf(await withCookie(deps, cookieValue))).toBe('session_invalid')
    const { token: fresh } = must(await issueToken(deps, { by: PROGRAM, account }))
    expect((await withToken(deps, fresh)).ok).toBe(true)
  })

  it('gets its tokens, but not its sessions, back from a ban that keeps them', async () => {
    const { deps, token, cookieValue } = await someoneLoggedIn()
    must(await banAccount(deps, { account, by, keepTokens: true }))
    expect(refusalOf(await withToken(deps, token))).toBe('account_banned')
    must(await unbanAccount(deps, { account, by }))
    expect((await withToken(deps, token)).ok).toBe(true)
    expect(refusalOf(await withCookie(deps, cookieValue))).toBe('session_invalid')
  })

  it('is free again when the ban runs out, on the millisecond', async () => {
    const { deps, clock } = await gateFixture()
    must(await banAccount(deps, { account, by, durationSeconds: 60 }))
    clock.advance(59_999)
    expect(refusalOf(await issueToken(deps, { by: PROGRAM, account }))).toBe('account_banned')
    clock.advance(1)
    must(await issueToken(deps, { by: PROGRAM, account }))
    expect(refusalOf(await unbanAccount(deps, { account, by }))).toBe('not_banned')
  })

  it('cannot end its ban by itself', async () => {
    const { deps } = await gateFixture()
    must(await banAccount(deps, { account: admin, by: actingAs('root@example.com') }))
    expect(refusalOf(await unbanAccount(deps, { account: admin, by }))).toBe('own_account')
  })
})

describe('the reason of a ban', () => {
  it('is refused over its limit, and nobody is banned', async () => {
    const { deps } = await gateFixture()
    expect(await banAccount(deps, { account, by, reason: 'x'.repeat(501) })).toMatchObject({
      denial: { code: 'input_invalid', detail: 'reason: at most 500 characters.' },
    })
    must(await issueToken(deps, { by: PROGRAM, account }))
    must(await banAccount(deps, { account, by, reason: 'x'.repeat(500) }))
  })
})

describe('nobody', () => {
  it('can ban themselves', async () => {
    const { deps } = await gateFixture()
    expect(refusalOf(await banAccount(deps, { account: admin, by }))).toBe('own_account')
  })

  it('but a super admin can ban a super admin', async () => {
    const { deps } = await gateFixture()
    expect(refusalOf(await banAccount(deps, { account: 'root@example.com', by }))).toBe(
      'super_admin_protected',
    )
    must(await banAccount(deps, { account: 'second@example.com', by: actingAs('root@example.com') }))
  })

  it('can ban the last super admin, not even two super admins each other at once', async () => {
    for (let round = 0; round < 10; round++) {
      const { deps } = await gateFixture()
      const [first, second] = ['root@example.com', 'second@example.com'] as const
      const outcomes = await Promise.all([
        banAccount(deps, { account: second, by: actingAs(first) }),
        banAccount(deps, { account: first, by: actingAs(second) }),
      ])
      expect(outcomes.map(refusalOf).sort()).toEqual(['last_super_admin', undefined])
    }
  })

  it('is kept from banning the second super admin again once the first is unbanned', async () => {
    const { deps } = await gateFixture()
    must(await banAccount(deps, { account: 'second@example.com', by: actingAs('root@example.com') }))
    must(await unbanAccount(deps, { account: 'second@example.com', by: actingAs('root@example.com') }))
    must(await banAccount(deps, { account: 'root@example.com', by: actingAs('second@example.com') }))
  })
})

describe('a forced logout', () => {
  it('ends all sessions, delays the next login and leaves the tokens alone', async () => {
    const { deps, clock, token, cookieValue } = await someoneLoggedIn()
    expect(must(await forceLogout(deps, { account, by }))).toMatchObject({ endedSessions: 1 })
    expect(refusalOf(await withCookie(deps, cookieValue))).toBe('session_invalid')
    expect((await withToken(deps, token)).ok).toBe(true)
    expect(await startSession(deps, facts)).toMatchObject({
      denial: { code: 'relogin_delayed', retryAfterSeconds: 60 },
    })
    clock.advance(60_000)
    must(await startSession(deps, facts))
  })

  it('of everywhere lets the account log in again at once', async () => {
    const { deps, cookieValue } = await someoneLoggedIn()
    must(await signOutEverywhere(deps, { account, by: actingAs(account) }))
    expect(refusalOf(await withCookie(deps, cookieValue))).toBe('session_invalid')
    const { cookieValue: fresh } = must(await startSession(deps, facts))
    expect((await withCookie(deps, fresh)).ok).toBe(true)
  })
})
