import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { activateAccount, deactivateAccount } from '../../src/accounts/deactivate.js'
import { forceLogout, signOutEverywhere } from '../../src/accounts/force-logout.js'
import { unbanAccount } from '../../src/accounts/unban.js'
import { endAccountByProvider } from '../../src/back-channel-logout/end-account.js'
import type { GateContext } from '../../src/context/context.js'
import { decideDevice } from '../../src/device/decide.js'
import { approvalBy } from '../../src/oauth/approval.js'
import { issueCode } from '../../src/oauth/authorization-code.js'
import { type RefreshFamily, signRefreshToken } from '../../src/oauth/refresh-token.js'
import { memoryStore } from '../../src/store/memory.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import { actingAs, backChannelLogoutOf, deviceOf, must, PROGRAM, withFaults } from '../gate/gate-fixture.js'
import { approvalOf, CLI, DEVICE_GRANT, type OAuthFixture, oauthFixture, personOf } from './oauth-fixture.js'

const USER = 'user@example.com'
const ROOT = 'root@example.com'
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const CALLBACK = 'http://127.0.0.1:49152/callback'
let fixture: OAuthFixture

beforeEach(async () => {
  fixture = await oauthFixture()
})

type Redeem = () => Promise<string | undefined>

/** What somebody has just let in, still to be redeemed; answers the error, if any. */
const PENDING: Record<string, () => Promise<Redeem>> = {
  async 'an authorization code'() {
    const { context } = fixture
    const code = await issueCode(context, {
      clientId: CLI,
      redirectUri: CALLBACK,
      codeChallenge: createHash('sha256').update(VERIFIER).digest('base64url'),
      scopes: ['api'],
      approval: await approvalOf(context, USER),
    })
    const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER }
    return async () => (await fixture.post('/oauth2/token', { ...form, client_id: CLI })).body.error
  },
  async 'an approved device code'() {
    const begun = (await fixture.post('/oauth2/device_authorization', { client_id: CLI })).body
    const identity = await personOf(fixture.context, USER)
    const userCode = String(begun.user_code).replace('-', '')
    must(
      await decideDevice(deviceOf(fixture.context), {
        identity,
        userCode,
        decision: 'approved',
        scopes: ['api'],
      }),
    )
    const form = { grant_type: DEVICE_GRANT, device_code: String(begun.device_code), client_id: CLI }
    return async () => (await fixture.post('/oauth2/token', form)).body.error
  },
}

/** Each leaves the account able to work again, so that only what the approval carries can refuse it. */
const ENDS: Record<string, (context: GateContext) => Promise<unknown>> = {
  async 'a ban that was lifted again'(context) {
    must(await banAccount(context, { account: USER, by: actingAs(ROOT) }))
    must(await unbanAccount(context, { account: USER, by: actingAs(ROOT) }))
  },
  async 'a ban that spares tokens'(context) {
    must(await banAccount(context, { account: USER, by: actingAs(ROOT), keepTokens: true }))
    must(await unbanAccount(context, { account: USER, by: actingAs(ROOT) }))
  },
  async 'a deactivation'(context) {
    must(await deactivateAccount(context, { account: USER, by: PROGRAM }))
    must(await activateAccount(context, { account: USER, by: PROGRAM }))
  },
  'the revocation of every token': async (context) =>
    must(await revokeAllTokens(context, { account: USER, by: actingAs(USER) })),
  'signing out everywhere': async (context) =>
    must(await signOutEverywhere(context, { account: USER, by: actingAs(USER) })),
  'a forced logout': async (context) =>
    must(await forceLogout(context, { account: USER, by: actingAs(ROOT) })),
  'a back-channel logout of the subject': (context) =>
    endAccountByProvider(backChannelLogoutOf(context), USER, 'everything'),
}

const pairs = Object.keys(PENDING).flatMap((pending) =>
  Object.keys(ENDS).map((end) => [pending, end] as const),
)

describe('what a person has approved', () => {
  it.each(pairs)('%s does not outlive %s', async (pending, end) => {
    const redeem = await PENDING[pending]?.()
    await ENDS[end]?.(fixture.context)
    expect(await redeem?.()).toBe('invalid_grant')
  })

  it.each(Object.keys(PENDING))('%s is worth something to begin with', async (pending) => {
    expect(await (await PENDING[pending]?.())?.()).toBeUndefined()
  })

  it.each(pairs)('%s buys nothing when %s comes between the check and the commit', async (pending, end) => {
    const store = memoryStore({ clock: () => fixture.clock.now })
    let beforeCommit: (() => Promise<unknown>) | undefined
    fixture = await oauthFixture({
      store: withFaults(store, {
        async commit(partition, batch) {
          const isPurchase = batch.writes.some(
            (write) => 'put' in write && write.put.collection === 'refresh',
          )
          const act = isPurchase ? beforeCommit : undefined
          if (act) beforeCommit = undefined
          await act?.()
          return store.commit(partition, batch)
        },
      }),
    })
    const redeem = await PENDING[pending]?.()
    beforeCommit = async () => ENDS[end]?.(fixture.context)
    expect(await redeem?.()).toBe('invalid_grant')
    expect(beforeCommit).toBeUndefined()
  })

  it.each(Object.keys(PENDING))(
    '%s that is redeemed and refreshed meanwhile starts nothing anew',
    async (pending) => {
      const store = memoryStore({ clock: () => fixture.clock.now })
      let beforeCommit: (() => Promise<unknown>) | undefined
      fixture = await oauthFixture({
        store: withFaults(store, {
          async commit(partition, batch) {
            const isPurchase = batch.writes.some(
              (write) => 'put' in write && write.put.collection === 'refresh',
            )
            const act = isPurchase ? beforeCommit : undefined
            if (act) beforeCommit = undefined
            await act?.()
            return store.commit(partition, batch)
          },
        }),
      })
      const redeem = await PENDING[pending]?.()
      const turns = async () => {
        const { records } = await fixture.context.store.page(fixture.context.partitionOf(USER), 'refresh', {
          limit: 10,
        })
        return records.map(({ value }) => (value as unknown as RefreshFamily).turn)
      }
      beforeCommit = async () => {
        await redeem?.()
        const { records } = await fixture.context.store.page(fixture.context.partitionOf(USER), 'refresh', {
          limit: 10,
        })
        const [family] = records
        if (!family) throw new Error('nothing was bought')
        const claims = { accountId: USER, familyId: family.id, turn: 0 }
        const now = fixture.clock.now
        const token = await signRefreshToken(fixture.context, claims, {
          issuedAt: now,
          expiresAt: now + 60_000,
        })
        expect((await fixture.refresh(token)).status).toBe(200)
      }
      expect(await redeem?.()).toBe('invalid_grant')
      expect(await turns()).toEqual([1])
    },
  )

  it.each(Object.keys(PENDING))('%s does not outlive a loss of records', async (pending) => {
    const store = memoryStore({ clock: () => fixture.clock.now })
    let lostAt: number | undefined
    fixture = await oauthFixture({ store: withFaults(store, { lossOf: () => lostAt }) })
    const redeem = await PENDING[pending]?.()
    lostAt = fixture.clock.now
    expect(await redeem?.()).toBe('invalid_grant')
  })

  it('cannot be approved by a session that was signed out while it did so', async () => {
    const identity = await personOf(fixture.context, USER)
    must(await signOutEverywhere(fixture.context, { account: USER, by: actingAs(USER) }))
    const approval = must(await approvalBy(fixture.context, identity))
    const code = await issueCode(fixture.context, {
      clientId: CLI,
      redirectUri: CALLBACK,
      codeChallenge: createHash('sha256').update(VERIFIER).digest('base64url'),
      scopes: ['api'],
      approval,
    })
    const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER }
    const { body } = await fixture.post('/oauth2/token', { ...form, client_id: CLI })
    expect(body.error).toBe('invalid_grant')
  })
})
