import { beforeEach, describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { deactivateAccount } from '../../src/accounts/deactivate.js'
import { signOutEverywhere } from '../../src/accounts/force-logout.js'
import { unbanAccount } from '../../src/accounts/unban.js'
import { createApiKey } from '../../src/api-keys/create.js'
import { apiKeys } from '../../src/api-keys/plugin.js'
import { revokeApiKey } from '../../src/api-keys/revoke.js'
import { rotateApiKey } from '../../src/api-keys/rotate.js'
import { identify } from '../../src/authentication/authenticate.js'
import type { Identity } from '../../src/authentication/identity.js'
import { stillAllowed } from '../../src/authentication/still-allowed.js'
import type { GateContext } from '../../src/context/context.js'
import { oauth } from '../../src/oauth/plugin.js'
import { refreshTokens } from '../../src/oauth/refresh.js'
import { revokeRefreshToken } from '../../src/oauth/revoke-family.js'
import { endSession } from '../../src/sessions/end.js'
import { parseHandle } from '../../src/sessions/session.js'
import { memoryStore } from '../../src/store/memory.js'
import { issueToken } from '../../src/tokens/issue.js'
import { revokeToken } from '../../src/tokens/revoke.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import {
  actingAs,
  apiKeysOf,
  type GateFixture,
  gateFixture,
  must,
  PROGRAM,
  withFaults,
} from '../gate/gate-fixture.js'
import { sessionOf } from '../http/http-fixture.js'
import { startFamilyOf } from '../oauth/oauth-fixture.js'

const USER = 'user@example.com'
const ROOT = 'root@example.com'
let fixture: GateFixture
let context: GateContext

async function begin(overrides: Parameters<typeof gateFixture>[0] = {}) {
  fixture = await gateFixture({
    tokens: { minLifetimeSeconds: 1, keepEndedSeconds: 1 },
    sessions: { idleSeconds: 60, extendEverySeconds: 1 },
    plugins: [apiKeys(), oauth()],
    ...overrides,
  })
  context = fixture.context
}

beforeEach(() => begin())

async function identityWith(rawHeaders: string[]): Promise<Identity> {
  return must(await identify(context, { method: 'GET', target: '/', rawHeaders }))
}

const allowed = (identity: Identity) => stillAllowed(context, identity)

/** Somebody who was let in with a credential of each kind, which ends soon. */
const KINDS: Record<
  string,
  () => Promise<{ identity: Identity; lifetimeMs: number; revoke: () => Promise<unknown> }>
> = {
  async 'a token'() {
    const { token, info } = must(
      await issueToken(context, { by: PROGRAM, account: USER, lifetimeSeconds: 3 }),
    )
    return {
      identity: await identityWith(['x-api-key', token]),
      lifetimeMs: 3000,
      revoke: () => revokeToken(context, { account: USER, id: info.id, by: actingAs(USER) }),
    }
  },
  async 'a token bought with a refresh token'() {
    const { client, refreshToken } = await startFamilyOf(context, USER)
    const bought = must(await refreshTokens(context, { refreshToken, client }))
    return {
      identity: await identityWith(['x-api-key', bought.accessToken]),
      lifetimeMs: 900_000,
      revoke: () => revokeRefreshToken(context, { refreshToken: bought.refreshToken, clientId: client.id }),
    }
  },
  async 'an API key'() {
    const { key, info } = must(
      await createApiKey(apiKeysOf(context), { by: PROGRAM, account: USER, lifetimeSeconds: 60 }),
    )
    return {
      identity: await identityWith(['x-api-key', key]),
      lifetimeMs: 60_000,
      revoke: () => revokeApiKey(apiKeysOf(context), { account: USER, id: info.id, by: actingAs(USER) }),
    }
  },
  async 'a session'() {
    const { cookie = '' } = await sessionOf(context, USER)
    const identity = await identityWith(['cookie', cookie])
    const key = parseHandle(identity.credential.id)
    if (!key) throw new Error('no handle')
    return { identity, lifetimeMs: 60_000, revoke: () => endSession(context, { key }) }
  },
}

/** What ends everything of an account that the kind belongs to. */
const endAll = async (kind: string) => {
  const input = { account: USER, by: actingAs(USER) }
  if (kind === 'a session') must(await signOutEverywhere(context, input))
  else must(await revokeAllTokens(context, input))
}

describe.each(Object.keys(KINDS))('a running answer to %s', (kind) => {
  const start = async () => {
    const started = await KINDS[kind]?.()
    if (!started) throw new Error('no such kind')
    return started
  }

  it('is not ended by the expiry of the credential, however long ago that was', async () => {
    const { identity, lifetimeMs } = await start()
    expect(await allowed(identity)).toBe(true)
    for (const later of [lifetimeMs, 1000, 3_600_000, 30 * 86_400_000]) {
      fixture.clock.advance(later)
      expect(await allowed(identity)).toBe(true)
    }
  })

  it('is ended by its revocation while it is good', async () => {
    const { identity, revoke } = await start()
    await revoke()
    expect(await allowed(identity)).toBe(false)
  })

  it.each(['before', 'after'])(
    'is ended by a ban %s its expiry, also by one that was lifted',
    async (when) => {
      const { identity, lifetimeMs } = await start()
      if (when === 'after') fixture.clock.advance(lifetimeMs + 1000)
      must(await banAccount(context, { account: USER, by: actingAs(ROOT) }))
      expect(await allowed(identity)).toBe(false)
      must(await unbanAccount(context, { account: USER, by: actingAs(ROOT) }))
      expect(await allowed(identity)).toBe(false)
    },
  )

  it.each(['before', 'after'])('is ended with all of its kind %s its expiry', async (when) => {
    const { identity, lifetimeMs } = await start()
    if (when === 'after') fixture.clock.advance(lifetimeMs + 1000)
    await endAll(kind)
    expect(await allowed(identity)).toBe(false)
  })

  it('is ended by a deactivation after its expiry', async () => {
    const { identity, lifetimeMs } = await start()
    fixture.clock.advance(lifetimeMs + 1000)
    must(await deactivateAccount(context, { account: USER, by: PROGRAM }))
    expect(await allowed(identity)).toBe(false)
  })

  it('is ended by a loss of records after its expiry', async () => {
    const store = memoryStore({ clock: () => fixture.clock.now })
    let lostAt: number | undefined
    await begin({ store: withFaults(store, { lossOf: () => lostAt }) })
    const { identity, lifetimeMs } = await start()
    fixture.clock.advance(lifetimeMs + 1000)
    expect(await allowed(identity)).toBe(true)
    lostAt = fixture.clock.now
    expect(await allowed(identity)).toBe(false)
  })

  it('is ended when its record is gone before its time', async () => {
    const { identity } = await start()
    const collections = ['tokens', 'api-keys', 'sessions']
    for (const collection of collections) {
      const { records } = await context.store.page(identity.partition, collection, { limit: 10 })
      for (const { id } of records)
        await context.store.commit(identity.partition, { writes: [{ delete: { collection, id } }] })
    }
    expect(await allowed(identity)).toBe(false)
  })

  it('goes on without a record only for the identity that the gate made, not for a copy', async () => {
    const { identity, lifetimeMs } = await start()
    fixture.clock.advance(lifetimeMs + 2000)
    expect(await allowed(identity)).toBe(true)
    expect(await allowed({ ...identity })).toBe(false)
  })
})

describe('a running answer', () => {
  it('ends with the family of refresh tokens also after its own token has expired', async () => {
    const started = await KINDS['a token bought with a refresh token']?.()
    fixture.clock.advance(1_000_000)
    expect(started && (await allowed(started.identity))).toBe(true)
    await started?.revoke()
    expect(started && (await allowed(started.identity))).toBe(false)
  })

  it('ends with the logout of a session that was extended while it ran', async () => {
    const { cookie = '' } = await sessionOf(context, USER)
    const identity = await identityWith(['cookie', cookie])
    fixture.clock.advance(40_000)
    await identityWith(['cookie', cookie])
    fixture.clock.advance(40_000)
    expect(await allowed(identity)).toBe(true)
    const key = parseHandle(identity.credential.id)
    if (key) must(await endSession(context, { key }))
    expect(await allowed(identity)).toBe(false)
    fixture.clock.advance(40_000)
    expect(await allowed(identity)).toBe(false)
  })

  it('to a key that was rotated goes on beyond the overlap, and ends at once without one', async () => {
    for (const overlapSeconds of [60, 0]) {
      const { key, info } = must(await createApiKey(apiKeysOf(context), { by: PROGRAM, account: USER }))
      const identity = await identityWith(['x-api-key', key])
      must(
        await rotateApiKey(apiKeysOf(context), {
          account: USER,
          id: info.id,
          by: actingAs(USER),
          overlapSeconds,
        }),
      )
      expect(await allowed(identity)).toBe(overlapSeconds > 0)
      fixture.clock.advance(61_000)
      expect(await allowed(identity)).toBe(overlapSeconds > 0)
    }
  })
})
