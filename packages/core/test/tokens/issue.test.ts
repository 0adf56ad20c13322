import { describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { identify } from '../../src/authentication/authenticate.js'
import type { GateContext } from '../../src/context/context.js'
import { memoryStore } from '../../src/store/memory.js'
import { issueToken } from '../../src/tokens/issue.js'
import { listTokens } from '../../src/tokens/list.js'
import { revokeToken } from '../../src/tokens/revoke.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import { actingAs, gateFixture, must, PROGRAM, refusalOf, withFaults } from '../gate/gate-fixture.js'

const account = 'user@example.com'

function call(context: GateContext, token: string) {
  return identify(context, {
    method: 'POST',
    target: '/v1/messages',
    rawHeaders: ['Authorization', `Bearer ${token}`],
  })
}

describe('issuing a token', () => {
  it('gives a token that is good until it expires', async () => {
    const { context, clock } = await gateFixture()
    const { token, info } = must(await issueToken(context, { by: PROGRAM, account, lifetimeSeconds: 3600 }))
    expect(must(await call(context, token))).toMatchObject({
      accountId: account,
      role: 'user',
      scopes: ['api'],
      credential: { kind: 'token', id: info.id },
    })
    clock.advance(3600_000 - 1)
    expect((await call(context, token)).ok).toBe(true)
    clock.advance(1)
    expect(refusalOf(await call(context, token))).toBe('token_expired')
  })

  it.each([7_775_999.5, -1, 0, 59, 7_776_001, 1e12, Number.NaN, Number.POSITIVE_INFINITY])(
    'is refused with a code for a lifetime of %s seconds, and nothing is stored',
    async (lifetimeSeconds) => {
      const { context } = await gateFixture()
      expect(refusalOf(await issueToken(context, { by: PROGRAM, account, lifetimeSeconds }))).toBe(
        'expires_in_invalid',
      )
      expect((await listTokens(context, { account, limit: 10 })).items).toEqual([])
    },
  )

  it('is refused for scopes that do not exist or that the minter does not hold', async () => {
    const { context } = await gateFixture()
    expect(refusalOf(await issueToken(context, { by: PROGRAM, account, scopes: ['toString'] }))).toBe(
      'scope_unknown',
    )
    expect(
      refusalOf(await issueToken(context, { by: PROGRAM, account, scopes: ['admin'], grantable: ['api'] })),
    ).toBe('scope_insufficient')
  })

  it('keeps a name of markup and control characters as one line of plain text', async () => {
    const { context } = await gateFixture()
    const name = `<b>\u0000${'😀'.repeat(96)}`
    const { info } = must(await issueToken(context, { by: PROGRAM, account, name }))
    expect(info.name).toBe(`<b> ${'😀'.repeat(96)}`)
  })

  it('is refused a name over its limit, which is named, rather than given a shorter one', async () => {
    const { context } = await gateFixture()
    for (const name of ['x'.repeat(101), 'x'.repeat(10_240), '😀'.repeat(101)])
      expect(await issueToken(context, { by: PROGRAM, account, name })).toMatchObject({
        denial: { code: 'input_invalid', detail: 'name: at most 100 characters.' },
      })
    expect((await listTokens(context, { account, limit: 10 })).items).toEqual([])
  })

  it('yields no token while the store fails, and the next attempt is clean', async () => {
    const store = memoryStore()
    let broken = true
    const faulty = withFaults(store, {
      commit: (partition, batch) =>
        broken ? Promise.reject(new Error('connection reset')) : store.commit(partition, batch),
    })
    const { context } = await gateFixture({ store: faulty, clock: Date.now })
    await expect(issueToken(context, { by: PROGRAM, account })).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    broken = false
    expect((await listTokens(context, { account, limit: 10 })).items).toEqual([])
    must(await issueToken(context, { by: PROGRAM, account }))
    expect((await listTokens(context, { account, limit: 10 })).items).toHaveLength(1)
  })

  it('does not bring a token into the world whose record was never stored, however well it is signed', async () => {
    const { context, clock } = await gateFixture()
    const seconds = Math.floor(clock.now / 1000)
    const { issuer, audience } = context.options
    const token = await context.keys.sign(
      {
        iss: issuer,
        aud: audience,
        sub: account,
        jti: 'unrecorded',
        iat: seconds,
        exp: seconds + 60,
        scope: 'api',
      },
      'at+jwt',
    )
    expect(refusalOf(await call(context, token))).toBe('token_invalid')
  })

  it('is refused to a banned account', async () => {
    const { context } = await gateFixture()
    must(await banAccount(context, { account, by: actingAs('admin@example.com') }))
    expect(refusalOf(await issueToken(context, { by: PROGRAM, account }))).toBe('account_banned')
  })

  it('leaves no live token when it races a ban', async () => {
    let issuedFirst = 0
    for (let round = 0; round < 40; round++) {
      const { context } = await gateFixture()
      const banLater = async () => {
        for (let turn = 0; turn < round; turn++) await new Promise(setImmediate)
        return banAccount(context, { account, by: actingAs('admin@example.com'), durationSeconds: 60 })
      }
      const [issued] = await Promise.all([issueToken(context, { by: PROGRAM, account }), banLater()])
      if (issued.ok) {
        issuedFirst += 1
        expect(refusalOf(await call(context, issued.value.token))).toBe('account_banned')
      }
      const listed = await listTokens(context, { account, limit: 10 })
      expect(listed.items.filter((token) => token.status === 'active')).toEqual([])
    }
    expect(issuedFirst).toBeGreaterThan(0)
    expect(issuedFirst).toBeLessThan(40)
  })
})

describe('revoking tokens', () => {
  it('bites on the very next request and stays', async () => {
    const { context } = await gateFixture()
    const { token, info } = must(await issueToken(context, { by: PROGRAM, account }))
    expect((await call(context, token)).ok).toBe(true)
    must(await revokeToken(context, { account, id: info.id, by: actingAs(account) }))
    expect(refusalOf(await call(context, token))).toBe('token_revoked')
    must(await revokeToken(context, { account, id: info.id, by: actingAs(account) }))
    expect((await listTokens(context, { account, limit: 10 })).items).toMatchObject([{ status: 'revoked' }])
  })

  it('does not find the token of another account', async () => {
    const { context } = await gateFixture()
    const { token, info } = must(await issueToken(context, { by: PROGRAM, account }))
    const input = { account: 'other@example.com', id: info.id, by: actingAs('other@example.com') }
    expect(refusalOf(await revokeToken(context, input))).toBe('token_not_found')
    expect((await call(context, token)).ok).toBe(true)
  })

  it('ends every token of an account in one step, and later ones are good', async () => {
    const { context } = await gateFixture()
    const before = await Promise.all(
      Array.from({ length: 5 }, async () => must(await issueToken(context, { by: PROGRAM, account }))),
    )
    expect(must(await revokeAllTokens(context, { account, by: actingAs('admin@example.com') }))).toEqual({
      revokedCount: 5,
    })
    for (const { token } of before) expect(refusalOf(await call(context, token))).toBe('token_revoked')
    const { token } = must(await issueToken(context, { by: PROGRAM, account }))
    expect((await call(context, token)).ok).toBe(true)
  })

  it('holds in the same millisecond, and when another machine stamps its tokens ahead of our clock', async () => {
    const { context, clock } = await gateFixture()
    clock.advance(20_000)
    const { token } = must(await issueToken(context, { by: PROGRAM, account }))
    clock.advance(-20_000)
    must(await revokeAllTokens(context, { account, by: actingAs('admin@example.com') }))
    clock.advance(20_000)
    expect(refusalOf(await call(context, token))).toBe('token_revoked')
  })

  it('is not done when it cannot be audited', async () => {
    const store = memoryStore()
    let auditing = true
    const faulty = withFaults(store, {
      commit: (partition, batch) =>
        partition === 'audit' && !auditing
          ? Promise.reject(new Error('disk full'))
          : store.commit(partition, batch),
    })
    const { context } = await gateFixture({ store: faulty, clock: Date.now })
    const { token, info } = must(await issueToken(context, { by: PROGRAM, account }))
    auditing = false
    await expect(revokeToken(context, { account, id: info.id, by: actingAs(account) })).rejects.toMatchObject(
      {
        code: 'store_unavailable',
      },
    )
    expect((await call(context, token)).ok).toBe(true)
  })
})
