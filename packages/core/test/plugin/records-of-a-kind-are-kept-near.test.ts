import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { CredentialKind } from '../../src/authentication/credential-kind.js'
import { createGate } from '../../src/gate/create-gate.js'
import type { BoundCollection } from '../../src/plugin/collection.js'
import type { PluginContext } from '../../src/plugin/context.js'
import type { Plugin } from '../../src/plugin/plugin.js'
import { redisStore } from '../../src/redis/index.js'
import type { Store } from '../../src/store/store.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { type RedisServer, startRedis } from '../redis/redis-server.js'

const ACCOUNT = 'user@example.com'
const VIEW = { method: 'GET', target: '/', rawHeaders: ['x-badge', 'badge-1'] }
const isWord = (value: unknown): value is string => typeof value === 'string'

let server: RedisServer
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())

interface Badges {
  readonly revoked: BoundCollection<string>
  readonly context: PluginContext
}

/** Lets in whoever has the badge, until it is in the collection of those that are revoked. */
const badges: Plugin<'badges', Badges> = {
  name: 'badges',
  collections: ['revoked'],
  start(context) {
    const { clock, partitionOf } = context
    const kind: CredentialKind<{ partition: string; id: string }, true> = {
      name: 'badge',
      headers: ['x-badge'],
      pick: ({ rawHeaders: [name, badge] }) => (name === 'x-badge' ? badge : undefined),
      prove: (id) => ({ ok: true, value: { partition: partitionOf(ACCOUNT), id } }),
      records: { collection: 'revoked', read: () => true, mayBeAbsent: true },
      issued: ({ partition }, revoked) => ({ partition, issuedAt: undefined, isEnded: revoked === true }),
      denials: { absent: 'token_invalid', ended: 'token_revoked' },
      describe: () => ({
        accountId: ACCOUNT,
        role: 'user',
        scopes: ['api'],
        issuedAt: clock(),
        expiresAt: clock() + 60_000,
      }),
    }
    return {
      api: { context, revoked: context.collection('revoked', isWord, { account: ACCOUNT }) },
      credentialKinds: [kind],
    }
  },
}

/** A gate as a process of its own has it, with the reads of its store counted. */
async function openGate() {
  const inner = redisStore({ url: server.url })
  const asked = { reads: 0 }
  const store: Store = {
    ...inner,
    read(...input) {
      asked.reads += 1
      return inner.read(...input)
    },
  }
  const gate = await createGate({
    store,
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    storeDeadlineMs: 5000,
    plugins: [badges],
  })
  onTestFinished(() => gate.close())
  const outcome = async () => (await gate.authenticate(VIEW)).outcome
  /** Whether a decision asks nobody. */
  const isNear = async () => {
    await outcome()
    const before = asked.reads
    await outcome()
    return asked.reads === before
  }
  return { gate, outcome, isNear }
}

describe('the records of a kind that a plugin brings', () => {
  it('are read from memory, and a revocation by another process ends what is in it', async () => {
    const [one, other] = [await openGate(), await openGate()]
    expect(await one.outcome()).toBe('allow')
    await vi.waitFor(async () => expect(await one.isNear()).toBe(true), { timeout: 5000 })
    await other.gate.badges.revoked.put({ id: 'badge-1', value: 'lost' }, { isRevocation: true })
    await vi.waitFor(async () => expect(await one.outcome()).toBe('deny'), { timeout: 2000 })
    expect(await other.outcome()).toBe('deny')
    await other.gate.badges.revoked.delete('badge-1')
    await vi.waitFor(async () => expect(await one.outcome()).toBe('allow'), { timeout: 2000 })
  })

  it('are never changed quietly', async () => {
    const { context } = (await openGate()).gate.badges
    const quiet = { account: ACCOUNT, isQuiet: true }
    expect(() => context.collection('revoked', isWord, quiet)).toThrow('a decision reads revoked')
  })
})
