import { describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { listAudit } from '../../src/audit/list.js'
import { identify } from '../../src/authentication/authenticate.js'
import type { Plugin } from '../../src/plugin/plugin.js'
import { readStanding } from '../../src/standing/standing.js'
import { issueToken } from '../../src/tokens/issue.js'
import { contextOfPlugin, gateFixture, must, PROGRAM, refusalOf } from '../gate/gate-fixture.js'
import { sessionOf } from '../http/http-fixture.js'

const account = 'ann@example.com'
const payroll: Plugin = { name: 'payroll', actsAs: 'payroll', start: () => ({}) }
const presenting = (credential: string) => ({
  method: 'GET',
  target: '/',
  rawHeaders: ['authorization', `Bearer ${credential}`],
})

async function fixture(more: Parameters<typeof gateFixture>[0] = {}) {
  const made = await gateFixture(more)
  const { context } = made
  const newest = async () => (await listAudit(context, { limit: 1 })).items[0]
  const issue = () => issueToken(context, { account, by: PROGRAM, scopes: ['api'] })
  const whoHas = async (token: string) => refusalOf(await identify(context, presenting(token)))
  return { ...made, ofPlugin: contextOfPlugin(context, payroll), newest, issue, whoHas }
}

describe('what a plugin does to a whole account', () => {
  it('takes it out of service until it is put back, and what was ended stays ended', async () => {
    const { ofPlugin, issue, newest, whoHas } = await fixture()
    const { token } = must(await issue())
    must(await ofPlugin.accounts.deactivate(account))
    expect(await newest()).toMatchObject({ action: 'account.deactivate', actor: 'payroll', subject: account })
    expect(await whoHas(token)).toBe('account_banned')
    expect((await ofPlugin.judge(account))?.code).toBe('account_banned')
    must(await ofPlugin.accounts.activate(account))
    expect(await newest()).toMatchObject({ action: 'account.activate', actor: 'payroll' })
    expect(await whoHas(token)).toBe('token_revoked')
    expect(await ofPlugin.judge(account)).toBeUndefined()
  })

  it('lifts no ban, and takes the last super admin not away', async () => {
    const { ofPlugin, context } = await fixture({ superAdmins: ['root@example.com'] })
    must(await banAccount(context, { account, by: PROGRAM }))
    must(await ofPlugin.accounts.activate(account))
    expect((await ofPlugin.judge(account))?.code).toBe('account_banned')
    expect(refusalOf(await ofPlugin.accounts.deactivate('root@example.com'))).toBe('last_super_admin')
  })

  it.each([
    ['everything', 'token_revoked'],
    ['sessions', undefined],
  ] as const)('ends %s at once', async (ends, refusal) => {
    const { ofPlugin, context, issue, whoHas } = await fixture()
    const { token } = must(await issue())
    const partition = context.partitionOf(account)
    const { standing: before } = await readStanding(context, partition)
    await ofPlugin.accounts.end(account, ends)
    const { standing: after } = await readStanding(context, partition)
    expect(after.sessionGeneration).toBe(before.sessionGeneration + 1)
    expect(await whoHas(token)).toBe(refusal)
    must(await issue())
  })

  it('shows a session by its handle without what it could be used by', async () => {
    const { ofPlugin, context } = await fixture()
    await sessionOf(context, account)
    const { items } = must(await ofPlugin.operations.sessions.list({ account, limit: 1 }))
    const handle = items[0]?.handle ?? ''
    expect(await ofPlugin.accounts.session(handle)).toEqual(items[0])
    expect(await ofPlugin.accounts.session('nonsense')).toBeUndefined()
    must(await ofPlugin.operations.sessions.end({ handle, by: ofPlugin.self }))
    expect(await ofPlugin.accounts.session(handle)).toBeUndefined()
  })
})

describe('what a plugin learns of a request and of an address', () => {
  it('is the one bearer credential that is presented, whoever made it', async () => {
    const { ofPlugin } = await fixture()
    const asked = (...rawHeaders: string[]) => ofPlugin.bearerOf({ method: 'GET', target: '/', rawHeaders })
    expect(must(asked('authorization', 'Bearer a'))).toBe('a')
    expect(must(asked('x-api-key', 'a'))).toBe('a')
    expect(refusalOf(asked())).toBe('credentials_missing')
    expect(refusalOf(asked('authorization', 'Basic a'))).toBe('credentials_malformed')
    expect(refusalOf(asked('authorization', 'Bearer a', 'x-api-key', 'b'))).toBe('credentials_ambiguous')
  })

  it('is whether the domain of an address is let in', async () => {
    const { ofPlugin } = await fixture({ allowedEmailDomains: ['example.com'] })
    expect(ofPlugin.refuseEmailDomain(account)).toBeUndefined()
    expect(ofPlugin.refuseEmailDomain('ann@example.com.evil.test')?.code).toBe('email_domain_refused')
  })
})
