import { describe, expect, it } from 'vitest'
import type { GateContext } from '../../src/context/context.js'
import { issueToken } from '../../src/tokens/issue.js'
import { listTokens } from '../../src/tokens/list.js'
import { revokeToken } from '../../src/tokens/revoke.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import { gateFixture, must, PROGRAM, refusalOf } from '../gate/gate-fixture.js'

const account = 'user@example.com'
const CAP = 5

function issue(context: GateContext, lifetimeSeconds = 3600) {
  return issueToken(context, { account, by: PROGRAM, lifetimeSeconds })
}

async function full() {
  const fixture = await gateFixture({ maxCredentialsPerAccount: CAP })
  const issued = []
  for (let count = 0; count < CAP; count++) issued.push(must(await issue(fixture.context)).info)
  return { ...fixture, issued }
}

describe('the cap on tokens of an account', () => {
  it('holds when many are issued at once', async () => {
    const { context } = await gateFixture({ maxCredentialsPerAccount: CAP })
    const outcomes = await Promise.all(Array.from({ length: 4 * CAP }, () => issue(context)))
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(CAP)
    expect(new Set(outcomes.map(refusalOf))).toEqual(new Set([undefined, 'too_many_tokens']))
    expect((await listTokens(context, { account, limit: 200 })).items).toHaveLength(CAP)
  })

  it('holds when many are issued at once while there is room for one again', async () => {
    const { context, issued } = await full()
    must(await revokeToken(context, { account, id: issued[0]?.id ?? '', by: PROGRAM }))
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => issue(context)))
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
  })

  it('refuses with 409 and says what to do', async () => {
    const { context } = await full()
    expect(await issue(context)).toMatchObject({ denial: { code: 'too_many_tokens', status: 409 } })
  })

  it('does not count what has expired', async () => {
    const { context, clock } = await full()
    clock.advance(3_600_000)
    for (let count = 0; count < CAP; count++) must(await issue(context))
    expect(refusalOf(await issue(context))).toBe('too_many_tokens')
  })

  it('does not count what was revoked, one by one or all at once, before its records are pruned', async () => {
    const { context, issued } = await full()
    must(await revokeToken(context, { account, id: issued[2]?.id ?? '', by: PROGRAM }))
    must(await issue(context))
    expect(refusalOf(await issue(context))).toBe('too_many_tokens')
    must(await revokeAllTokens(context, { account, by: PROGRAM }))
    for (let count = 0; count < CAP; count++) must(await issue(context))
    expect(refusalOf(await issue(context))).toBe('too_many_tokens')
  })

  it('is one of each account', async () => {
    const { context } = await full()
    must(await issueToken(context, { account: 'other@example.com', by: PROGRAM }))
  })

  it('is checked at the start', async () => {
    await expect(gateFixture({ maxCredentialsPerAccount: 0 })).rejects.toMatchObject({
      code: 'configuration_invalid',
      problems: [expect.stringContaining('maxCredentialsPerAccount')],
    })
  })
})
