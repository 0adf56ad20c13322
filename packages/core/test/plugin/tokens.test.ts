import { describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { identifyByBearer } from '../../src/authentication/authenticate.js'
import type { PluginContext } from '../../src/plugin/context.js'
import type { Plugin } from '../../src/plugin/plugin.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'
import { actingAs, gateFixture, must, refusalOf, withFaults } from '../gate/gate-fixture.js'

const ACCOUNT = 'user@example.com'
const isText = (value: unknown): value is string => typeof value === 'string'

/** A gate with a plugin whose context is the test's. */
async function stage(store?: Store) {
  let context: PluginContext | undefined
  const vouchers: Plugin = {
    name: 'vouchers',
    collections: ['vouchers'],
    tokenTypes: ['voucher+jwt'],
    start(given) {
      context = given
      return {}
    },
  }
  const fixture = await gateFixture({ plugins: [vouchers], ...(store && { store }) })
  if (!context) throw new Error('not started')
  const { tokens } = context
  const issue = () =>
    tokens.issue({
      account: ACCOUNT,
      scopes: ['api'],
      grant: 'v1',
      records: [{ collection: 'vouchers', id: 'v1', value: 'spent', isNew: true }],
    })
  const kept = () => context?.collection('vouchers', isText, { account: ACCOUNT }).get('v1')
  return { ...fixture, tokens, issue, kept }
}

describe('a token that a plugin issues', () => {
  it('comes with its records in one commit, once, and lets in until its grant is revoked', async () => {
    const { context, tokens, issue, kept } = await stage()
    const { token } = must(await issue())
    expect(await kept()).toBe('spent')
    expect(refusalOf(await issue())).toBe('grant_invalid')
    expect(must(await identifyByBearer(context, token))).toMatchObject({
      accountId: ACCOUNT,
      scopes: ['api'],
    })
    await tokens.revokeOfGrant({ account: ACCOUNT, grant: 'another' })
    expect((await identifyByBearer(context, token)).ok).toBe(true)
    await tokens.revokeOfGrant({ account: ACCOUNT, grant: 'v1' })
    expect(refusalOf(await identifyByBearer(context, token))).toBe('token_revoked')
  })

  it('is issued once however many ask at the same time', async () => {
    const { issue } = await stage()
    const outcomes = await Promise.all(Array.from({ length: 20 }, issue))
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
  })

  it('is not there, and its records are not, where a ban comes between the decision and the commit', async () => {
    const inner = memoryStore()
    let ban: (() => Promise<unknown>) | undefined
    const store = withFaults(inner, {
      async commit(partition, batch) {
        const isIssue = batch.writes.some((write) => 'put' in write && write.put.collection === 'tokens')
        const now = isIssue ? ban : undefined
        if (now) ban = undefined
        await now?.()
        return inner.commit(partition, batch)
      },
    })
    const { context, issue, kept } = await stage(store)
    ban = () => banAccount(context, { account: ACCOUNT, by: actingAs('root@example.com') })
    expect(refusalOf(await issue())).toBe('account_banned')
    expect(await kept()).toBeUndefined()
  })

  it('has records in its own collections alone', async () => {
    const { tokens } = await stage()
    const records = [{ collection: 'sessions', id: 's', value: 'x' }]
    await expect(tokens.issue({ account: ACCOUNT, grant: 'v1', records })).rejects.toThrow(TypeError)
  })
})

describe('JWTs of a plugin', () => {
  it('are proven by their type alone, and no access token is one, nor the other way round', async () => {
    const { context, tokens, issue } = await stage()
    const vouchers = tokens.jwts('voucher+jwt')
    const signed = await vouchers.sign({ sub: ACCOUNT, turn: 1 })
    expect(await vouchers.prove(signed)).toEqual({ sub: ACCOUNT, turn: 1 })
    expect(await vouchers.prove(`${signed}x`)).toBeUndefined()
    const { token } = must(await issue())
    expect(await vouchers.prove(token)).toBeUndefined()
    expect(refusalOf(await identifyByBearer(context, signed))).toBe('token_invalid')
  })

  it.each(['at+jwt', 'rt+jwt', 'other+jwt'])(
    'of the type %s, which is not its own, are not to be had',
    async (typ) => {
      const { tokens } = await stage()
      expect(() => tokens.jwts(typ)).toThrow(TypeError)
    },
  )

  it('have a type that no other plugin and no access token has', async () => {
    const having = (name: string, type: string): Plugin => ({ name, tokenTypes: [type], start: () => ({}) })
    const problems = (...plugins: readonly Plugin[]) =>
      gateFixture({ plugins }).then(
        () => [],
        (error: { problems: readonly string[] }) => error.problems,
      )
    expect(await problems(having('one', 'at+jwt'))).toEqual([
      'plugins: one and the gate both claim the token type at+jwt',
    ])
    expect(await problems(having('one', 'x+jwt'), having('two', 'x+jwt'))).toEqual([
      'plugins: two and one both claim the token type x+jwt',
    ])
    expect(await problems(having('one', 'JWT'))).toEqual(['one: a token type is of the form thing+jwt'])
  })
})
