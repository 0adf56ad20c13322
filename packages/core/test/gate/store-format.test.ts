import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { listAudit } from '../../src/audit/list.js'
import { verifyAudit } from '../../src/audit/verify.js'
import { identifyByBearer } from '../../src/authentication/authenticate.js'
import { redeemDevice } from '../../src/device/redeem.js'
import { externalTokenKind } from '../../src/external-tokens/external-token-kind.js'
import { externalTokens } from '../../src/external-tokens/plugin.js'
import { revokedExternal } from '../../src/external-tokens/revoke.js'
import {
  type Migration,
  type MigrationContext,
  migrateStore,
  newestFormat,
  storeFormats,
} from '../../src/gate/store-format.js'
import { lmdbStore } from '../../src/lmdb/index.js'
import { refreshTokens } from '../../src/oauth/refresh.js'
import { redisStore } from '../../src/redis/index.js'
import { listUsers } from '../../src/scim/list.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Clock, JsonValue, Store } from '../../src/store/store.js'
import { issueToken } from '../../src/tokens/issue.js'
import { issueTokenOnce } from '../../src/tokens/issue-once.js'
import { trustedIssuer } from '../external-tokens/issuer-fixture.js'
import { CLI_CLIENT } from '../oauth/oauth-fixture.js'
import { type RedisServer, startRedis } from '../redis/redis-server.js'
import {
  BANNED,
  DEACTIVATED,
  fillingProvider,
  fillStore,
  type Held,
  letsIn,
  REVOKED_EXTERNAL_ID,
  SIGNED_OUT,
  USER,
} from './filled-store.js'
import {
  actingAs,
  contextOfPlugin,
  deviceOf,
  gateFixture,
  must,
  PROGRAM,
  refusalOf,
  scimOf,
  TestClock,
  withFaults,
} from './gate-fixture.js'
import { shippedPlugins } from './shipped-plugins.js'

interface Dump {
  readonly held: Held
  readonly records: readonly {
    readonly partition: string
    readonly collection: string
    readonly id: string
    readonly value: JsonValue
    readonly sort: number
    readonly expiresAt?: number
  }[]
}

const PLACES = ['gate', 'gate-1', 'gate-2', 'gate-3', 'gate-4']
const FORMAT = storeFormats.key('format')

async function readDump(format: number): Promise<Dump> {
  const file = new URL(`./store-formats/format-${format}.json`, import.meta.url)
  return JSON.parse(await readFile(file, 'utf8')) as Dump
}

async function load(store: Store, { records }: Dump): Promise<void> {
  for (const { partition, collection, id, ...content } of records)
    await store.commit(partition, { writes: [{ put: { collection, id }, ...content }] })
}

async function formatsIn(store: Store): Promise<unknown[]> {
  const found = await Promise.all(PLACES.map((place) => store.read(place, [FORMAT])))
  return found.map(([record]) => record?.value)
}

async function gateOn(store: Store, clock: TestClock) {
  return gateFixture({
    store,
    clock: clock.read,
    identityProvider: fillingProvider,
    auditRetentionDays: 30,
    storeDeadlineMs: 5000,
    plugins: shippedPlugins(),
  })
}

/** Writes down all that a gate has kept which has done everything; see CONTRIBUTING. */
async function writeDump(file: string): Promise<void> {
  const clock = new TestClock()
  const memory = memoryStore({ clock: clock.read })
  const places = new Map<string, { readonly partition: string; readonly collection: string }>()
  const store: Store = {
    ...memory,
    commit(partition, batch) {
      for (const write of batch.writes) {
        const { collection } = 'put' in write ? write.put : 'add' in write ? write.add : write.delete
        places.set(JSON.stringify([partition, collection]), { partition, collection })
      }
      return memory.commit(partition, batch)
    },
  }
  const { context } = await gateOn(store, clock)
  const held = await fillStore(context, clock)
  await context.pruning.close()
  const lines: string[] = []
  for (const { partition, collection } of places.values()) {
    const { records } = await memory.page(partition, collection, { limit: 1000 })
    for (const { version: _, ...record } of records)
      lines.push(JSON.stringify({ partition, collection, ...record }))
  }
  const text = `{\n"held": ${JSON.stringify(held)},\n"records": [\n${lines.join(',\n')}\n]\n}\n`
  await writeFile(file, text)
}

let directory: string
let server: RedisServer
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-format-'))
  server = await startRedis()
})
afterAll(async () => {
  await server.stop()
  await rm(directory, { recursive: true })
})

/** A new store of each kind, and another process's view of it. */
const stores: Readonly<Record<string, (clock: Clock) => () => Store>> = {
  memory: (clock) => {
    const store = memoryStore({ clock })
    return () => store
  },
  LMDB: (clock) => {
    const place = path.join(directory, randomUUID())
    return () => lmdbStore({ path: place, clock })
  },
  Redis: (clock) => {
    const prefix = `format-${randomUUID()}`
    return () => redisStore({ url: server.url, prefix, clock, commandTimeoutMs: 5000 })
  },
}

it('can be written down', async () => {
  const file = process.env.WRITE_STORE_FORMAT ?? path.join(directory, 'format.json')
  await writeDump(file)
  const { records } = JSON.parse(await readFile(file, 'utf8')) as Dump
  expect(records.length).toBeGreaterThan(50)
})

for (const [kind, place] of Object.entries(stores))
  describe(`a ${kind} store that was written before stores had a number`, () => {
    async function opening() {
      const dump = await readDump(1)
      const clock = new TestClock()
      clock.now = dump.held.at
      const store = place(clock.read)()
      onTestFinished(() => store.close())
      await load(store, dump)
      return { ...(await gateOn(store, clock)), clock, held: dump.held, store }
    }

    it('lets in whoever it let in, and nobody else', async () => {
      const { context, held } = await opening()
      const { token, apiKey, bought, cookie } = held.live
      for (const credential of [token, apiKey, bought])
        expect(await letsIn(context, { credential })).toBe(true)
      expect(await letsIn(context, { cookie })).toBe(true)
      const { dead } = held
      for (const credential of [dead.token, dead.apiKey, dead.signedOut])
        expect(await letsIn(context, { credential })).toBe(false)
      expect(await letsIn(context, { cookie: dead.cookie })).toBe(false)
    })

    it('keeps bans and deactivations', async () => {
      const { context } = await opening()
      for (const account of [BANNED, DEACTIVATED]) {
        const issued = await issueToken(context, { account, by: PROGRAM, scopes: ['api'] })
        expect(refusalOf(issued)).toBe('account_banned')
      }
    })

    it('keeps the external tokens dead that were revoked alone or with all of an account', async () => {
      const { context: bound, held, clock } = await opening()
      const { trusted, token, clock: ofIssuer } = await trustedIssuer()
      clock.now = ofIssuer.now
      const context = {
        ...bound,
        credentialKinds: [externalTokenKind(contextOfPlugin(bound, externalTokens([])), trusted)],
      }
      const identify = async (claims: Record<string, unknown>) =>
        identifyByBearer(context, await token(claims))
      expect((await identify({ email: USER })).ok).toBe(true)
      expect(refusalOf(await identify({ email: SIGNED_OUT }))).toBe('token_revoked')
      const [revoked] = await context.store.read(context.partitionOf(USER), [
        revokedExternal.key(REVOKED_EXTERNAL_ID),
      ])
      expect(revoked && revokedExternal.read(revoked)).toEqual({ at: held.at })
    })

    it('goes on with what was under way: refreshes, a device, a request that was not answered', async () => {
      const { context, held, clock: _, ...rest } = await opening()
      const client = CLI_CLIENT
      expect((await refreshTokens(context, { refreshToken: held.refreshToken, client })).ok).toBe(true)
      expect(await redeemDevice(deviceOf(context), { deviceCode: held.deviceCode, client })).toBe(
        'authorization_pending',
      )
      const { idempotencyKey } = held
      const again = { account: USER, by: actingAs(USER), idempotencyKey, scopes: ['api'] }
      expect(must(await issueTokenOnce(context, again)).token).toBe(held.live.token)
      expect((await listUsers(scimOf(context), { startIndex: 1, count: 10 })).total).toBe(1)
      expect(rest.events.filter(({ code }) => code !== 'operator_credential')).toEqual([])
    })

    it('has an audit log that is intact from its checkpoint on', async () => {
      const { context } = await opening()
      expect(await verifyAudit(context)).toMatchObject({ intact: true, checkpoint: { sequence: 1 } })
      expect((await listAudit(context, { limit: 200 })).items.length).toBeGreaterThan(10)
    })

    it('has the number of this version then, in every place', async () => {
      const { store } = await opening()
      expect(await formatsIn(store)).toEqual(PLACES.map(() => ({ format: newestFormat() })))
    })
  })

describe('a store of a newer format', () => {
  const newer = newestFormat() + 1

  it.each([{ format: newer }, { format: 1, migratingTo: newer }])(
    'is refused at the start with a reason, and nothing is written to it: %j',
    async (value) => {
      const clock = new TestClock()
      const store = memoryStore({ clock: clock.read })
      await store.commit('gate-3', { writes: [{ put: FORMAT, value }] })
      const commits: string[] = []
      const watched: Store = {
        ...store,
        commit: (partition, batch) => {
          commits.push(partition)
          return store.commit(partition, batch)
        },
      }
      const reason = new RegExp(`it has format ${newer}, and this version opens formats 1 to ${newer - 1}`)
      await expect(gateOn(watched, clock)).rejects.toMatchObject({
        code: 'configuration_invalid',
        problems: [expect.stringMatching(reason)],
      })
      expect(commits).toEqual([])
    },
  )

  it('makes a gate that was running on it not ready', async () => {
    const clock = new TestClock()
    const store = memoryStore({ clock: clock.read })
    const { context } = await gateOn(store, clock)
    expect(await context.storeReadiness()).toMatchObject({ ok: true })
    await store.commit('gate', { writes: [{ put: FORMAT, value: { format: newer } }] })
    clock.advance(2000)
    expect(await context.storeReadiness()).toMatchObject({
      ok: false,
      warnings: expect.arrayContaining([expect.stringMatching(/newer version has migrated the store/)]),
    })
  })
})

const PLACE = 'things'
/** Renames a collection, and doubles what is in it: twice would be seen. */
const rename =
  (from: string, to: string): Migration =>
  async ({ store, keepLease }: MigrationContext) => {
    for (;;) {
      const { records } = await store.page(PLACE, from, { limit: 2 })
      if (records.length === 0) return
      await keepLease()
      await store.commit(PLACE, {
        checks: records.map(({ id, version }) => ({ key: { collection: from, id }, version })),
        writes: records.flatMap(({ id, value, sort }) => [
          { delete: { collection: from, id } },
          { put: { collection: to, id }, value: 2 * Number(value), sort },
        ]),
      })
    }
  }
const TWO_RENAMES = [rename('old', 'newer'), rename('newer', 'newest')]

async function plant(store: Store) {
  for (let id = 1; id <= 9; id++)
    await store.commit(PLACE, { writes: [{ put: { collection: 'old', id: `${id}` }, value: id, sort: id }] })
}

async function newestIn(store: Store) {
  const { records } = await store.page(PLACE, 'newest', { limit: 100 })
  return records.map(({ value }) => value)
}

function starting(store: Store, clock: TestClock, migrations: readonly Migration[], waitMs = 5000) {
  const told: string[] = []
  const started = migrateStore({
    options: { storeDeadlineMs: 1000 },
    store,
    clock: clock.read,
    randomId: () => randomUUID(),
    partitionOf: (account) => account,
    report: ({ detail }) => told.push(detail),
    migrations,
    waitMs,
  })
  return { started, told }
}

const QUADRUPLED = [4, 8, 12, 16, 20, 24, 28, 32, 36]

for (const [kind, place] of Object.entries(stores))
  describe(`the migration of a ${kind} store`, () => {
    it('happens once and in order, however many processes start at once', async () => {
      const clock = new TestClock()
      const open = place(clock.read)
      const processes = Array.from({ length: 4 }, open)
      onTestFinished(async () => {
        for (const store of new Set(processes)) await store.close()
      })
      const [store] = processes as [Store]
      await plant(store)
      const all = processes.map((one) => starting(one, clock, TWO_RENAMES))
      await Promise.all(all.map(({ started }) => started))
      expect(await newestIn(store)).toEqual(QUADRUPLED)
      expect(await formatsIn(store)).toEqual(PLACES.map(() => ({ format: 3 })))
      const [first, ...more] = all.flatMap(({ told }) => told)
      expect(first).toMatch(/from format 1 to 3/)
      expect(more).toEqual([])
    })

    it('goes on where a process was killed, once its lease has expired', async () => {
      const clock = new TestClock()
      const store = place(clock.read)()
      onTestFinished(() => store.close())
      await plant(store)
      let commits = 0
      const killed = withFaults(store, {
        // As of a process that was killed: nothing more of it reaches the store.
        commit(...input) {
          commits += 1
          return commits > 3 ? new Promise(() => {}) : store.commit(...input)
        },
      })
      void starting(killed, clock, TWO_RENAMES)
      await expect.poll(() => commits).toBeGreaterThan(3)
      const early = starting(store, clock, TWO_RENAMES, 300)
      await expect(early.started).rejects.toMatchObject({ code: 'store_unavailable' })
      clock.advance(30_001)
      await starting(store, clock, TWO_RENAMES).started
      expect(await newestIn(store)).toEqual(QUADRUPLED)
    })
  })

describe('a migration', () => {
  it('that fails leaves a store that older gates refuse, and the next start goes on', async () => {
    const clock = new TestClock()
    const store = memoryStore({ clock: clock.read })
    await plant(store)
    const failing: Migration = () => Promise.reject(new Error('a defect'))
    await expect(starting(store, clock, [failing]).started).rejects.toThrow('a defect')
    expect(await formatsIn(store)).toEqual(PLACES.map(() => ({ format: 1, migratingTo: 2 })))
    await expect(starting(store, clock, []).started).rejects.toMatchObject({ code: 'configuration_invalid' })
    await starting(store, clock, TWO_RENAMES).started
    expect(await newestIn(store)).toEqual(QUADRUPLED)
  })

  it('is not begun anew where one place of the number was lost', async () => {
    const clock = new TestClock()
    const store = memoryStore({ clock: clock.read })
    const runs: number[] = []
    const migrations: Migration[] = [async () => void runs.push(1)]
    await starting(store, clock, migrations).started
    for (const lost of PLACES.slice(0, 4)) await store.commit(lost, { writes: [{ delete: FORMAT }] })
    await starting(store, clock, migrations).started
    expect(runs).toEqual([1])
    expect(await formatsIn(store)).toEqual(PLACES.map(() => ({ format: 2 })))
  })

  it('ends for a process whose lease another has taken over', async () => {
    const clock = new TestClock()
    const store = memoryStore({ clock: clock.read })
    const lease = { collection: 'gate', id: 'migration' }
    const now = performance.now.bind(performance)
    let skipped = 0
    performance.now = () => now() + skipped
    onTestFinished(() => {
      performance.now = now
    })
    const slow: Migration = async ({ keepLease }) => {
      await store.commit('gate', { writes: [{ put: lease, value: 'another' }] })
      skipped = 20_000
      await keepLease()
    }
    await expect(starting(store, clock, [slow]).started).rejects.toMatchObject({ code: 'store_unavailable' })
    const [record] = await store.read('gate', [lease])
    expect(record?.value).toBe('another')
  })
})
