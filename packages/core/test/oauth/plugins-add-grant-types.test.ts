import { describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { forceLogout } from '../../src/accounts/force-logout.js'
import type { Identity } from '../../src/authentication/identity.js'
import { sha256 } from '../../src/crypto/hash.js'
import { refused } from '../../src/errors/outcome.js'
import type { Approval } from '../../src/oauth/approval.js'
import { oauth } from '../../src/oauth/plugin.js'
import type { OAuthServer } from '../../src/oauth/server.js'
import type { Plugin } from '../../src/plugin/plugin.js'
import { must, PROGRAM } from '../gate/gate-fixture.js'
import { CLI, oauthFixture, personOf } from './oauth-fixture.js'

const TICKET_GRANT = 'urn:example:ticket'
const USER = 'user@example.com'

/** Lets somebody approve for a ticket, which a client then redeems. */
function tickets() {
  const approvals = new Map<string, Approval>()
  let server: OAuthServer | undefined
  const plugin: Plugin<'tickets', undefined> = {
    name: 'tickets',
    requires: ['oauth'],
    start(context) {
      server = context.required<OAuthServer>('oauth')
      const { redeem, addGrantType } = server
      addGrantType({
        name: TICKET_GRANT,
        fields: ['ticket'],
        async redeem({ client, fields: { ticket = '' }, trace }) {
          const approval = approvals.get(ticket)
          if (!approval) return refused('grant_invalid')
          const { account } = approval
          const redeemed = await redeem({
            approval,
            by: { account, role: context.roleOf(account), credential: 'authorization_code', ...trace },
            codeHash: sha256(ticket),
            client,
            scopes: ['api'],
            forgottenAt: context.clock() + 60_000,
            isOver: false,
          })
          return 'reusedFamily' in redeemed ? refused('grant_invalid') : redeemed
        },
      })
      return {}
    },
  }
  const approve = async (ticket: string, identity: Identity) => {
    const approval = await server?.approve(identity)
    if (approval) approvals.set(ticket, must(approval))
  }
  return { plugin, approve, server: () => server }
}

async function fixture() {
  const { plugin, approve, server } = tickets()
  const made = await oauthFixture({ plugins: [oauth(), plugin] })
  const redeem = async () => {
    const asked = { grant_type: TICKET_GRANT, ticket: 't', client_id: CLI }
    return (await made.post('/oauth2/token', asked)).body
  }
  await approve('t', await personOf(made.context, USER))
  return { ...made, redeem, server }
}

describe('a grant type that another plugin adds', () => {
  it('gives tokens for what somebody has approved, and the same ones again when the answer was lost', async () => {
    const { redeem } = await fixture()
    const tokens = await redeem()
    expect(tokens).toMatchObject({ access_token: expect.any(String), refresh_token: expect.any(String) })
    expect(await redeem()).toMatchObject({ refresh_token: tokens.refresh_token })
  })

  it.each([
    ['ban', (context) => banAccount(context, { account: USER, by: PROGRAM })],
    ['logout of all sessions', (context) => forceLogout(context, { account: USER, by: PROGRAM })],
  ] satisfies [string, (context: Awaited<ReturnType<typeof fixture>>['context']) => Promise<unknown>][])(
    'gives nothing after a %s that came between',
    async (_, end) => {
      const { redeem, context } = await fixture()
      await end(context)
      expect(await redeem()).toMatchObject({ error: 'invalid_grant' })
    },
  )

  it('asks by the page of the server, which quotes what it is given', async () => {
    const { server } = await fixture()
    const response = await server()?.consentPage({
      program: '<b>',
      account: USER,
      scopes: ['api'],
      advice: 'Allow it.',
      action: '/tickets',
      fields: { ticket: 't' },
    })
    const text = await response?.text()
    expect(text).toContain('action="/tickets"')
    expect(text).not.toContain('<b>')
  })
})
