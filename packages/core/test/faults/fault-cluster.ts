import type { Redis } from 'ioredis'
import { startCluster } from '../redis/cluster.js'
import { freePort, type RedisServer, startRedis } from '../redis/redis-server.js'
import type { FaultProxy } from './fault-proxy.js'
import type { Stage } from './stage.js'
import { until } from './until.js'

export interface ClusterNode {
  readonly server: RedisServer
  readonly operator: Redis
  readonly id: string
}

export interface FaultCluster {
  readonly masters: readonly ClusterNode[]
  readonly urls: readonly string[]
}

/** Three masters on loopback. */
export async function startFaultCluster(stage: Stage): Promise<FaultCluster> {
  const cluster = await startCluster()
  stage.after(() => cluster.stop())
  const masters = await Promise.all(cluster.nodes.map((server) => nodeOf(stage, server)))
  return { masters, urls: cluster.urls }
}

async function nodeOf(stage: Stage, server: RedisServer): Promise<ClusterNode> {
  const operator = stage.operator(server.port)
  return { server, operator, id: (await operator.call('CLUSTER', 'MYID')) as string }
}

/** Gives each master a replica, in the order of the masters. */
export async function addReplicas(stage: Stage, { masters }: FaultCluster): Promise<ClusterNode[]> {
  const [first] = masters
  if (!first) throw new Error('no masters')
  return Promise.all(
    masters.map(async (master) => {
      const busPort = await freePort()
      const server = await startRedis([
        ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'],
        ...['--cluster-port', String(busPort), '--cluster-replica-validity-factor', '0'],
        ...['--repl-diskless-sync-delay', '0'],
      ])
      stage.after(() => server.stop())
      const node = await nodeOf(stage, server)
      await first.operator.call('CLUSTER', 'MEET', '127.0.0.1', String(server.port), String(busPort))
      await until('the replica is let in', 15_000, () =>
        node.operator.call('CLUSTER', 'REPLICATE', master.id).then(
          () => true,
          () => false,
        ),
      )
      await until('the replica follows', 15_000, async () =>
        (await node.operator.info('replication')).includes('master_link_status:up'),
      )
      await until('everybody knows the replica', 15_000, async () => {
        const known = await Promise.all(masters.map(({ operator }) => operator.call('CLUSTER', 'NODES')))
        return known.every((nodes) => new RegExp(`^${node.id} .*slave ${master.id}`, 'm').test(String(nodes)))
      })
      return node
    }),
  )
}

/** Makes the cluster tell clients of a proxy before each master; nodes still talk to each other directly. */
export async function hideBehindProxies(stage: Stage, { masters }: FaultCluster): Promise<FaultProxy[]> {
  return Promise.all(
    masters.map(async ({ server, operator }) => {
      const proxy = await stage.proxy(server.port)
      await operator.config('SET', 'cluster-announce-port', String(proxy.port))
      await until('the others tell of the proxy', 10_000, async () => {
        const told = await Promise.all(masters.map((other) => other.operator.cluster('SLOTS')))
        return told.every((slots) => JSON.stringify(slots).includes(`,${proxy.port},`))
      })
      return proxy
    }),
  )
}

/** Moves a slot with all its keys while clients go on, as `redis-cli --cluster reshard` does. */
export async function migrateSlot(slot: number, from: ClusterNode, to: ClusterNode): Promise<void> {
  await to.operator.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
  await from.operator.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
  for (;;) {
    // One key at a time, so that clients meet every state in between.
    const [key] = (await from.operator.call('CLUSTER', 'GETKEYSINSLOT', slot, 1)) as string[]
    if (key === undefined) break
    await from.operator.migrate('127.0.0.1', to.server.port, key, 0, 2000)
  }
  for (const { operator } of [to, from]) await operator.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
}

/** Which slots hold anything. */
export async function slotsInUse({ operator }: ClusterNode): Promise<number[]> {
  const keys = await operator.keys('*')
  const slots = await Promise.all(keys.map((key) => operator.cluster('KEYSLOT', key)))
  return [...new Set(slots)]
}
