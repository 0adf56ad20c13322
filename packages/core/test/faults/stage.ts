import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { createGate } from '../../src/gate/create-gate.js'
import type { Gate } from '../../src/gate/gate.js'
import type { GateOptions } from '../../src/gate/gate-options.js'
import { redisStore } from '../../src/redis/index.js'
import type { RedisStoreOptions } from '../../src/redis/options.js'
import type { Store } from '../../src/store/store.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { shippedPlugins } from '../gate/shipped-plugins.js'
import { type RedisServer, startRedis } from '../redis/redis-server.js'
import { type FaultProxy, startFaultProxy } from './fault-proxy.js'
import { until } from './until.js'

const rounds = Math.max(1, Number(process.env.FAULT_ROUNDS) || 1)

/** For `describe`: as many rounds of each scenario as `FAULT_ROUNDS` says, one unless it does. */
export const ROUNDS = { repeats: rounds - 1, timeout: 60_000 * rounds }

/** As long as a gate may take to be its old self once the fault is over. */
export const RECOVERY_MS = 5000

/** ioredis gives a connection two seconds to end, also one that has ended already. */
const SETTLED_MS = 3000

/** Keeps what a power cut would lose as well, so that an acknowledged write is one that stays. */
export const DURABLE = [
  ...['--appendonly', 'yes', '--appendfsync', 'always'],
  // A replica does not wait for others to come along.
  ...['--repl-diskless-sync-delay', '0'],
]

export interface StagedGate {
  readonly gate: Gate
  /** What the gate stands on; metering writes to it directly. */
  readonly store: Store
}

/** Everything that a scenario starts; released in reverse order, also when it fails. */
export interface Stage {
  redis(settings?: readonly string[]): Promise<RedisServer>
  proxy(targetPort: number): Promise<FaultProxy>
  gate(options: RedisStoreOptions): Promise<StagedGate>
  /** A connection that no fault touches. */
  operator(port: number): Redis
  after(release: () => unknown): void
}

/** Runs a scenario, then holds it to leaving no socket, no timer and no unhandled rejection behind. */
export function onStage(scenario: (stage: Stage) => Promise<void>): () => Promise<void> {
  return async () => {
    const before = countActive()
    const unhandled: unknown[] = []
    const note = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    const releases: (() => unknown)[] = []
    try {
      await scenario(stageOf((release) => void releases.push(release)))
    } finally {
      for (const release of releases.reverse()) await Promise.resolve().then(release).catch(note)
      await until('nothing is left open', SETTLED_MS, () => leftSince(before).length === 0).catch(() => {})
      process.off('unhandledRejection', note)
    }
    expect({ left: leftSince(before), unhandled }).toEqual({ left: [], unhandled: [] })
  }
}

function stageOf(after: Stage['after']): Stage {
  return {
    after,
    async redis(settings = DURABLE) {
      const server = await startRedis(settings)
      after(() => server.stop())
      return server
    },
    async proxy(targetPort) {
      const proxy = await startFaultProxy(targetPort)
      after(() => proxy.close())
      return proxy
    },
    async gate(options) {
      const store = redisStore(options)
      // A gate that cannot start leaves its store to whoever made it.
      after(() => store.close())
      const gate = await startGate(store)
      after(() => gate.close())
      return { gate, store }
    },
    operator(port) {
      const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 20 })
      client.on('error', () => {})
      after(() => client.disconnect())
      return client
    },
  }
}

/** As a supervisor would: tries again while Redis is still getting ready. */
async function startGate(store: Store): Promise<Gate> {
  const options: GateOptions = {
    store,
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    plugins: shippedPlugins(),
    superAdmins: ['root@example.com'],
  }
  let gate: Gate | undefined
  let failure: unknown
  await until('the gate starts', RECOVERY_MS, async () => {
    gate = await createGate(options).catch((cause: unknown) => {
      failure = cause
      return undefined
    })
    return gate !== undefined
  }).catch(() => {})
  if (!gate) throw failure
  return gate
}

function countActive(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** Sockets and timers beyond those that were there before; what the runner itself does comes and goes. */
function leftSince(before: ReadonlyMap<string, number>): string[] {
  return [...countActive()]
    .filter(([kind, count]) => /TCP|Timeout|Process/.test(kind) && count > (before.get(kind) ?? 0))
    .map(([kind, count]) => `${count - (before.get(kind) ?? 0)} × ${kind}`)
}
