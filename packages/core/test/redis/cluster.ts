import { Redis } from 'ioredis'
import { freePort, type RedisServer, startRedis } from './redis-server.js'

const SLOTS = 16_384

export interface RedisCluster {
  readonly nodes: readonly RedisServer[]
  readonly urls: readonly string[]
  stop(): Promise<void>
}

/** A real Redis Cluster of three masters on loopback. */
export async function startCluster(): Promise<RedisCluster> {
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000']
  const nodes: RedisServer[] = []
  for (let index = 0; index < 3; index++)
    nodes.push(await startRedis([...settings, '--cluster-port', String(await freePort())]))
  const clients = nodes.map((node) => new Redis(node.port, '127.0.0.1'))
  const [first, ...others] = clients
  if (!first) throw new Error('no nodes')
  for (const [index, client] of clients.entries()) {
    const from = Math.floor((SLOTS * index) / 3)
    await client.call('CLUSTER', 'ADDSLOTSRANGE', from, Math.floor((SLOTS * (index + 1)) / 3) - 1)
  }
  for (const [index] of others.entries()) {
    const node = nodes[index + 1]
    const port = await clusterPort(clients[index + 1])
    await first.call('CLUSTER', 'MEET', '127.0.0.1', String(node?.port), port)
  }
  for (const client of clients)
    await until(async () => (await client.cluster('INFO')).includes('cluster_state:ok'))
  for (const client of clients) await until(async () => (await client.cluster('SLOTS')).length === 3)
  for (const client of clients) client.disconnect()
  return {
    nodes,
    urls: nodes.map((node) => node.url),
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  }
}

async function clusterPort(client: Redis | undefined): Promise<string> {
  const [, port] = ((await client?.config('GET', 'cluster-port')) ?? []) as string[]
  return port ?? ''
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the cluster did not form')
}
