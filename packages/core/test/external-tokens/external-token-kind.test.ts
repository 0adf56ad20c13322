import { describe, expect, it, vi } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { unbanAccount } from '../../src/accounts/unban.js'
import { listAudit } from '../../src/audit/list.js'
import { identifyByBearer } from '../../src/authentication/authenticate.js'
import { stillAllowed } from '../../src/authentication/still-allowed.js'
import { externalTokenKind } from '../../src/external-tokens/external-token-kind.js'
import type { TrustedIssuerOptions } from '../../src/external-tokens/options.js'
import { externalTokens } from '../../src/external-tokens/plugin.js'
import { revokedExternal, revokeExternalToken } from '../../src/external-tokens/revoke.js'
import { changeStanding } from '../../src/standing/change.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Batch, Store } from '../../src/store/store.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import { actingAs, contextOfPlugin, gateFixture, must, refusalOf, withFaults } from '../gate/gate-fixture.js'
import { SECONDS, trustedIssuer } from './issuer-fixture.js'

const account = 'ann@example.com'
const by = actingAs('admin@example.com')

async function gate(options: Partial<TrustedIssuerOptions> = {}, faults?: (store: Store) => Partial<Store>) {
  const issuer = await trustedIssuer(options)
  const clock = issuer.clock.read
  const memory = memoryStore({ clock })
  const store = faults ? withFaults(memory, faults(memory)) : memory
  const fixture = await gateFixture({ clock, store, scopes: { reports: 'Read reports' } })
  const ofPlugin = contextOfPlugin(fixture.context, externalTokens([]))
  const context = {
    ...fixture.context,
    credentialKinds: [externalTokenKind(ofPlugin, issuer.trusted)],
  }
  return {
    ...issuer,
    deps: context,
    ofPlugin,
    partition: context.partitionOf(account),
    identify: (compact: string) => identifyByBearer(context, compact),
  }
}

describe('who presents a token of a trusted issuer', () => {
  it('is known by e-mail, mapped role, team and the scopes that the gate knows', async () => {
    const { identify, token, partition } = await gate()
    const claims = { name: 'Ann', role: 'team', team: 'blue', scope: 'reports unheard-of toString' }
    expect(must(await identify(await token(claims)))).toEqual({
      accountId: account,
      email: account,
      name: 'Ann',
      groups: [],
      role: 'team',
      team: 'blue',
      scopes: ['reports'],
      credential: {
        kind: 'external_token',
        id: expect.any(String),
        issuedAt: SECONDS * 1000,
        expiresAt: (SECONDS + 600) * 1000,
      },
      partition,
    })
  })

  it('may do what the scopes of its token map to, such as the usual openid profile', async () => {
    const scopes = { openid: ['api'] }
    const { identify, token } = await gate({ scopes })
    expect(must(await identify(await token({ scope: 'openid profile reports' }))).scopes).toEqual([
      'api',
      'reports',
    ])
    expect(must(await identify(await token({ jti: 'b', scope: 'profile' }))).scopes).toEqual([])
  })

  it('is refused without an e-mail address, and the operator told which claim of which issuer lacks it', async () => {
    const { identify, token, deps } = await gate()
    const told = vi.spyOn(deps.strangers, 'report')
    const refusal = refusalOf(await identify(await token({ email: undefined, sub: 'ci-runner' })))
    expect(refusal).toBe('email_missing')
    expect(told.mock.calls).toEqual([
      [
        {
          level: 'warn',
          code: 'external_token_email_missing',
          detail: expect.stringMatching(
            /^A token of http:\/\/127\.0\.0\.1:\d+ was refused: it has no e-mail address in email \(withoutEmail: 'subject' admits it by sub and issuer\)$/,
          ),
          options: ['externalTokens'],
        },
      ],
    ])
  })

  it('may do what the gate requires when the token says nothing of scopes, an admin too', async () => {
    const { identify, token } = await gate()
    expect(must(await identify(await token({ role: 'admin' })))).toMatchObject({
      role: 'admin',
      scopes: ['api'],
    })
    expect(must(await identify(await token({ jti: 'b', scope: '' }))).scopes).toEqual([])
  })

  it('is no admin of the gate for having the address of one', async () => {
    const { identify, token } = await gate()
    for (const email of ['root@example.com', 'admin@example.com'])
      expect(must(await identify(await token({ email }))).role).toBe('user')
  })

  it('is refused while banned, also when the token is remembered, and comes back with kept tokens', async () => {
    const { identify, token, deps } = await gate()
    const compact = await token()
    const identity = must(await identify(compact))
    must(await banAccount(deps, { account, by, keepTokens: true }))
    expect(refusalOf(await identify(compact))).toBe('account_banned')
    expect(await stillAllowed(deps, identity)).toBe(false)
    must(await unbanAccount(deps, { account, by }))
    expect((await identify(compact)).ok).toBe(true)
    expect(await stillAllowed(deps, identity)).toBe(true)
  })

  it('is refused for good with what was issued before a ban', async () => {
    const { identify, token, deps, clock } = await gate()
    const compact = await token()
    must(await banAccount(deps, { account, by }))
    must(await unbanAccount(deps, { account, by }))
    expect(refusalOf(await identify(compact))).toBe('token_revoked')
    clock.advance(1000)
    expect((await identify(await token({ jti: 'new', iat: SECONDS + 1 }))).ok).toBe(true)
  })

  it('is refused with a token issued at or before foreignNotBefore, and no later one', async () => {
    const { identify, token, deps, partition } = await gate()
    const compact = await token()
    const identity = must(await identify(compact))
    const set = (foreignNotBefore: number) =>
      changeStanding(deps, partition, (standing) => ({ ...standing, foreignNotBefore }))
    await set(SECONDS * 1000 - 1)
    expect((await identify(compact)).ok).toBe(true)
    expect(await stillAllowed(deps, identity)).toBe(true)
    await set(SECONDS * 1000)
    expect(refusalOf(await identify(compact))).toBe('token_revoked')
    expect(await stillAllowed(deps, identity)).toBe(false)
  })

  it('is signed out with all tokens of the account', async () => {
    const { identify, token, deps } = await gate()
    const compact = await token()
    must(await revokeAllTokens(deps, { account, by }))
    expect(refusalOf(await identify(compact))).toBe('token_revoked')
  })

  it('is refused with what was issued before the store lost records', async () => {
    let lostAt: number | undefined
    const { identify, token, deps } = await gate({}, () => ({ lossOf: () => lostAt }))
    const compact = await token()
    const identity = must(await identify(compact))
    lostAt = SECONDS * 1000
    expect(refusalOf(await identify(compact))).toBe('issued_before_loss')
    expect(await stillAllowed(deps, identity)).toBe(false)
    expect((await identify(await token({ jti: 'new', iat: SECONDS + 1 }))).ok).toBe(true)
  })

  it('costs one read of the store', async () => {
    let reads = 0
    const { identify, token } = await gate({}, (memory) => ({
      read(...input) {
        reads += 1
        return memory.read(...input)
      },
    }))
    must(await identify(await token()))
    expect(reads).toBe(1)
  })

  it('is not guessed at when the store fails', async () => {
    const { identify, token } = await gate({}, () => ({ read: () => Promise.reject(new Error('down')) }))
    await expect(identify(await token())).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})

describe('a revoked token of a trusted issuer', () => {
  it('is refused, alone of all its account has, and recorded', async () => {
    const { identify, token, deps, ofPlugin } = await gate()
    const compact = await token()
    const identity = must(await identify(compact))
    const { id, expiresAt } = identity.credential
    must(await revokeExternalToken(ofPlugin, { account, id, expiresAt, by }))
    expect(refusalOf(await identify(compact))).toBe('token_revoked')
    expect(await stillAllowed(deps, identity)).toBe(false)
    expect((await identify(await token({ jti: 'other' }))).ok).toBe(true)
    const [entry] = (await listAudit(deps, { limit: 1 })).items
    expect(entry).toMatchObject({
      action: 'token.revoke',
      actor: 'admin@example.com',
      credential: 'session',
      subject: account,
      details: { token_id: id },
    })
  })

  it('stays revoked through the leeway after its exp, and is forgotten later', async () => {
    const { identify, token, deps, ofPlugin, clock, partition } = await gate({ leewaySeconds: 60 })
    const compact = await token()
    const { id, expiresAt } = must(await identify(compact)).credential
    must(await revokeExternalToken(ofPlugin, { account, id, expiresAt, by }))
    clock.now = expiresAt + 60_000 - 1
    expect(refusalOf(await identify(compact))).toBe('token_revoked')
    clock.now = expiresAt + 7_200_000
    expect(await deps.store.read(partition, [revokedExternal.key(id)])).toEqual([undefined])
  })

  it('is confirmed by the replicas of the store', async () => {
    const batches: Batch[] = []
    const { deps, ofPlugin } = await gate({}, (memory) => ({
      async commit(name, batch) {
        if (name === deps.partitionOf(account)) batches.push(batch)
        const result = await memory.commit(name, batch)
        return result.committed && batch.confirm
          ? { ...result, replication: { requested: 1, confirmed: 1 } }
          : result
      },
    }))
    const revoked = must(
      await revokeExternalToken(ofPlugin, { account, id: 'x', expiresAt: SECONDS * 2000, by }),
    )
    expect(revoked).toEqual({ replication: { requested: 1, confirmed: 1 } })
    expect(batches.map(({ confirm }) => confirm)).toEqual([true])
  })

  it('is not revoked when that cannot be recorded', async () => {
    const { deps, ofPlugin, partition } = await gate({}, (memory) => ({
      commit: (name, batch) =>
        name === 'audit' ? Promise.reject(new Error('down')) : memory.commit(name, batch),
    }))
    const revoking = revokeExternalToken(ofPlugin, { account, id: 'x', expiresAt: SECONDS * 2000, by })
    await expect(revoking).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(await deps.store.read(partition, [revokedExternal.key('x')])).toEqual([undefined])
  })
})
