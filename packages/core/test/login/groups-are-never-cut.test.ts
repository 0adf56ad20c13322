import { describe, expect, it } from 'vitest'
import type { ProviderLogin } from '../../src/login/identity-provider.js'
import { listSessions } from '../../src/sessions/list.js'
import { httpFixture } from '../http/http-fixture.js'

const email = 'user@example.com'

/** The groups that a session has after a provider named these, and what the log says. */
async function keptOf(groups: readonly string[]) {
  const login = { issuer: 'https://idp.test', subject: 's', email, emailVerified: true, groups, idToken: 't' }
  const { call, context, events } = await httpFixture({
    roleByGroup: { guests: 'viewer', admins: 'admin', ['g'.repeat(200)]: 'admin' },
    identityProvider: {
      issuer: login.issuer,
      begin: async ({ state }) => new URL(`https://idp.test/?state=${state}`),
      complete: async () => login as ProviderLogin,
      logoutUrl: async () => undefined,
      ready: async () => true,
    },
  })
  const begun = await call('GET', '/oauth2/start')
  const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? ''
  const [cookie = ''] = begun.headers.getSetCookie().map((text) => text.split(';')[0])
  await call('GET', `/oauth2/callback?${new URLSearchParams({ code: 'c', state })}`, { headers: { cookie } })
  const [session] = (await listSessions(context, { account: email, limit: 1 })).items
  return { kept: session?.groups, codes: events.map(({ code }) => code) }
}

describe('groups of a provider', () => {
  it('never become another group by being cut or cleaned', async () => {
    const forged = ['g'.repeat(201), 'admins\u200b', '\u202eadmins', 'staff']
    expect(await keptOf(forged)).toMatchObject({
      kept: ['staff'],
      codes: expect.arrayContaining(['groups_left_out']),
    })
  })

  it('that give a role, or take one, are kept however many others there are', async () => {
    const others = Array.from({ length: 150 }, (_, at) => `group-${at}`)
    const { kept, codes } = await keptOf([...others, 'guests'])
    expect(kept).toHaveLength(100)
    expect(kept).toContain('guests')
    expect(codes).toContain('groups_left_out')
  })

  it('are kept without a word when there are few', async () => {
    const { kept, codes } = await keptOf(['staff', ' two  words ', 'staff'])
    expect(kept).toEqual(['staff', 'two words'])
    expect(codes).not.toContain('groups_left_out')
  })
})
