import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ApiKeyOperations } from '../../src/api-keys/operations.js'
import { apiKeys } from '../../src/api-keys/plugin.js'
import { createGate } from '../../src/gate/create-gate.js'
import type { Gate } from '../../src/gate/gate.js'
import { lmdbStore } from '../../src/lmdb/index.js'
import { redisStore } from '../../src/redis/index.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'
import { must, refusalOf, SECRET } from '../gate/gate-fixture.js'
import { type RedisServer, startRedis } from '../redis/redis-server.js'

/** Signs the same claims differently each time. */
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

const NOW = Date.now()
const AT_ONCE = 20
const ROUNDS = 5

let server: RedisServer
let directory: string
type KeyGate = Gate & { readonly apiKeys: ApiKeyOperations }

const gates: Gate[] = []

beforeAll(async () => {
  server = await startRedis()
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-once-'))
})
afterEach(async () => {
  for (const gate of gates.splice(0)) await gate.close()
})
afterAll(async () => {
  await server.stop()
  await rm(directory, { recursive: true })
})

async function gateOn(store: Store): Promise<KeyGate> {
  const gate = await createGate({
    plugins: [apiKeys()],
    store,
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'ES256', privateKey: PEM }],
    rateLimits: 'off',
    // Neither a busy disk nor a minute that ends meanwhile is what is tried here.
    storeDeadlineMs: 10_000,
    clock: () => NOW,
  })
  gates.push(gate)
  return gate
}

const STORES: Record<string, () => Promise<[KeyGate, KeyGate]>> = {
  async 'one gate on memory'() {
    const gate = await gateOn(memoryStore())
    return [gate, gate]
  },
  'two gates on LMDB': async () => [
    await gateOn(lmdbStore({ path: directory })),
    await gateOn(lmdbStore({ path: directory })),
  ],
  'two gates on Redis': async () => [
    await gateOn(redisStore({ url: server.url, commandTimeoutMs: 10_000 })),
    await gateOn(redisStore({ url: server.url, commandTimeoutMs: 10_000 })),
  ],
}

describe.each(Object.entries(STORES))(
  'on %s, requests with one idempotencyKey at once',
  { timeout: 60_000 },
  (_, open) => {
    const account = (round: number) => `user-${round}@example.com`

    it('get one token', async () => {
      const both = await open()
      for (let round = 0; round < ROUNDS; round++) {
        const wish = { account: account(round), idempotencyKey: 'one' }
        const issued = await Promise.all(
          Array.from({ length: AT_ONCE }, (_, at) => both[at % 2 ? 1 : 0].tokens.issue(wish)),
        )
        expect(new Set(issued.map((outcome) => JSON.stringify(must(outcome)))).size).toBe(1)
        expect(must(await both[0].tokens.list({ account: wish.account, limit: 10 })).items).toHaveLength(1)
      }
    })

    it('get one API key', async () => {
      const both = await open()
      for (let round = 0; round < ROUNDS; round++) {
        const wish = { account: account(round), idempotencyKey: 'two' }
        const created = await Promise.all(
          Array.from({ length: AT_ONCE }, (_, at) => both[at % 2 ? 1 : 0].apiKeys.create(wish)),
        )
        expect(new Set(created.map((outcome) => JSON.stringify(must(outcome)))).size).toBe(1)
        expect(must(await both[0].apiKeys.list({ account: wish.account }))).toHaveLength(1)
      }
    })

    it('and another wish each get one credential between them, and all others are refused', async () => {
      const both = await open()
      const wish = { account: 'each@example.com', idempotencyKey: 'three' }
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          at % 2
            ? both[1].tokens.issue({ ...wish, name: `${at}` })
            : both[0].apiKeys.create({ ...wish, name: `${at}` }),
        ),
      )
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
      expect(new Set(outcomes.map(refusalOf))).toEqual(new Set([undefined, 'idempotency_key_reused']))
    })
  },
)
