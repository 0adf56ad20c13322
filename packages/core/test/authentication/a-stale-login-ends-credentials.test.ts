import { describe, expect, it } from 'vitest'
import { createApiKey } from '../../src/api-keys/create.js'
import { authenticate } from '../../src/authentication/authenticate.js'
import { resolveOptions } from '../../src/gate/resolve-options.js'
import { startSession } from '../../src/sessions/start.js'
import { issueToken } from '../../src/tokens/issue.js'
import { apiKeysOf, type GateFixture, gateFixture, must, PROGRAM } from '../gate/gate-fixture.js'

const USER = 'user@example.com'
const HOUR = 3_600_000

const logIn = async ({ context }: GateFixture) =>
  must(
    await startSession(context, {
      email: USER,
      groups: [],
      issuer: 'https://idp.test',
      subject: USER,
      idToken: 't',
    }),
  )

describe('credentials that need a fresh login', () => {
  it('work for so long after their owner has logged in, and again after the next login', async () => {
    const fixture = await gateFixture({ requireFreshLogin: '24h' })
    const { context, clock } = fixture
    await logIn(fixture)
    const { token } = must(await issueToken(context, { by: PROGRAM, account: USER }))
    const { key } = must(await createApiKey(apiKeysOf(context), { by: PROGRAM, account: USER }))
    const verdicts = async () => {
      const decisions = []
      for (const credential of [token, key])
        decisions.push(
          await authenticate(context, {
            method: 'GET',
            target: '/',
            rawHeaders: ['x-api-key', credential],
          }),
        )
      return decisions.map((decision) => (decision.outcome === 'deny' ? decision.denial : decision.outcome))
    }
    clock.advance(24 * HOUR - 1)
    expect(await verdicts()).toEqual(['allow', 'allow'])
    clock.advance(1)
    const stale = {
      code: 'login_stale',
      status: 401,
      detail: expect.stringContaining('https://gate.test/oauth2/start'),
    }
    expect(await verdicts()).toMatchObject([stale, stale])
    await logIn(fixture)
    expect(await verdicts()).toEqual(['allow', 'allow'])
  })

  it.each(['1', '24 h', '0h', '401d', 'soon'])('is no duration: %j', (requireFreshLogin) => {
    const options = { ...({} as GateFixture['options']), requireFreshLogin: requireFreshLogin as '1h' }
    expect(() => resolveOptions(options)).toThrow(/requireFreshLogin: give a duration/)
  })
})
