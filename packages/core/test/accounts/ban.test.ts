import { describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { forceLogout, signOutEverywhere } from '../../src/accounts/force-logout.js'
import { unbanAccount } from '../../src/accounts/unban.js'
import { identify } from '../../src/authentication/authenticate.js'
import type { GateContext } from '../../src/context/context.js'
import { startSession } from '../../src/sessions/start.js'
import { issueToken } from '../../src/tokens/issue.js'
import { actingAs, gateFixture, must, PROGRAM, refusalOf } from '../gate/gate-fixture.js'

const account = 'user@example.com'
const admin = 'admin@example.com'
const by = actingAs(admin)
const facts = { email: account, groups: [], issuer: 'https://idp.test', subject: '1', idToken: 'x.y.z' }

async function someoneLoggedIn() {
  const fixture = await gateFixture()
  const { token } = must(await issueToken(fixture.context, { by: PROGRAM, account }))
  const { cookieValue } = must(await startSession(fixture.context, facts))
  return { ...fixture, token, cookieValue }
}

function withToken(context: GateContext, token: string) {
  return identify(context, { method: 'GET', target: '/', rawHeaders: ['x-api-key', token] })
}

function withCookie(context: GateContext, value: string) {
  const rawHeaders = ['Cookie', `a=b; __Host-portcullis_session=${value}`]
  return identify(context, { method: 'GET', target: '/', rawHeaders })
}

describe('a banned account', () => {
  it('can do nothing with its sessions and tokens, nor get new ones', async () => {
    const { context, token, cookieValue } = await someoneLoggedIn()
    expect(must(await banAccount(context, { account, by }))).toMatchObject({
      endedSessions: 1,
      revokedTokens: 1,
    })
    expect(refusalOf(await withToken(context, token))).toBe('account_banned')
    expect(refusalOf(await withCookie(context, cookieValue))).toBe('account_banned')
    await context.pruning.settled()
    expect(refusalOf(await withCookie(context, cookieValue)), 'once pruned').toBe('account_banned')
    expect(refusalOf(await issueToken(context, { by: PROGRAM, account }))).toBe('account_banned')
    expect(refusalOf(await startSession(context, facts))).toBe('account_banned')
  })

  it('stays dead in everything issued before the ban once it is lifted', async () => {
    const { context, token, cookieValue } = await someoneLoggedIn()
    must(await banAccount(context, { account, by }))
    must(await unbanAccount(context, { account, by }))
    expect(refusalOf(await withToken(context, token))).toBe('token_revoked')
    expect(refusalOf(await withCookie(context, cookieValue))).toBe('session_invalid')
    const { token: fresh } = must(await issueToken(context, { by: PROGRAM, account }))
    expect((await withToken(context, fresh)).ok).toBe(true)
  })

  it('gets its tokens, but not its sessions, back from a ban that keeps them', async () => {
    const { context, token, cookieValue } = await someoneLoggedIn()
    must(await banAccount(context, { account, by, keepTokens: true }))
    expect(refusalOf(await withToken(context, token))).toBe('account_banned')
    must(await unbanAccount(context, { account, by }))
    expect((await withToken(context, token)).ok).toBe(true)
    expect(refusalOf(await withCookie(context, cookieValue))).toBe('session_invalid')
  })

  it('is free again when the ban runs out, on the millisecond', async () => {
    const { context, clock } = await gateFixture()
    must(await banAccount(context, { account, by, durationSeconds: 60 }))
    clock.advance(59_999)
    expect(refusalOf(await issueToken(context, { by: PROGRAM, account }))).toBe('account_banned')
    clock.advance(1)
    must(await issueToken(context, { by: PROGRAM, account }))
    expect(refusalOf(await unbanAccount(context, { account, by }))).toBe('not_banned')
  })

  it('cannot end its ban by itself', async () => {
    const { context } = await gateFixture()
    must(await banAccount(context, { account: admin, by: actingAs('root@example.com') }))
    expect(refusalOf(await unbanAccount(context, { account: admin, by }))).toBe('own_account')
  })
})

describe('the reason of a ban', () => {
  it('is refused over its limit, and nobody is banned', async () => {
    const { context } = await gateFixture()
    expect(await banAccount(context, { account, by, reason: 'x'.repeat(501) })).toMatchObject({
      denial: { code: 'input_invalid', detail: 'reason: at most 500 characters.' },
    })
    must(await issueToken(context, { by: PROGRAM, account }))
    must(await banAccount(context, { account, by, reason: 'x'.repeat(500) }))
  })
})

describe('nobody', () => {
  it('can ban themselves', async () => {
    const { context } = await gateFixture()
    expect(refusalOf(await banAccount(context, { account: admin, by }))).toBe('own_account')
  })

  it('but a super admin can ban a super admin', async () => {
    const { context } = await gateFixture()
    expect(refusalOf(await banAccount(context, { account: 'root@example.com', by }))).toBe(
      'super_admin_protected',
    )
    must(await banAccount(context, { account: 'second@example.com', by: actingAs('root@example.com') }))
  })

  it('can ban the last super admin, not even two super admins each other at once', async () => {
    for (let round = 0; round < 10; round++) {
      const { context } = await gateFixture()
      const [first, second] = ['root@example.com', 'second@example.com'] as const
      const outcomes = await Promise.all([
        banAccount(context, { account: second, by: actingAs(first) }),
        banAccount(context, { account: first, by: actingAs(second) }),
      ])
      expect(outcomes.map(refusalOf).sort()).toEqual(['last_super_admin', undefined])
    }
  })

  it('is kept from banning the second super admin again once the first is unbanned', async () => {
    const { context } = await gateFixture()
    must(await banAccount(context, { account: 'second@example.com', by: actingAs('root@example.com') }))
    must(await unbanAccount(context, { account: 'second@example.com', by: actingAs('root@example.com') }))
    must(await banAccount(context, { account: 'root@example.com', by: actingAs('second@example.com') }))
  })
})

describe('a forced logout', () => {
  it('ends all sessions, delays the next login and leaves the tokens alone', async () => {
    const { context, clock, token, cookieValue } = await someoneLoggedIn()
    expect(must(await forceLogout(context, { account, by }))).toMatchObject({ endedSessions: 1 })
    expect(refusalOf(await withCookie(context, cookieValue))).toBe('session_invalid')
    expect((await withToken(context, token)).ok).toBe(true)
    expect(await startSession(context, facts)).toMatchObject({
      denial: { code: 'relogin_delayed', retryAfterSeconds: 60 },
    })
    clock.advance(60_000)
    must(await startSession(context, facts))
  })

  it('of everywhere lets the account log in again at once', async () => {
    const { context, cookieValue } = await someoneLoggedIn()
    must(await signOutEverywhere(context, { account, by: actingAs(account) }))
    expect(refusalOf(await withCookie(context, cookieValue))).toBe('session_invalid')
    const { cookieValue: fresh } = must(await startSession(context, facts))
    expect((await withCookie(context, fresh)).ok).toBe(true)
  })
})
