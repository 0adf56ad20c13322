import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Redis } from 'ioredis'
import { freePort, type RedisServer, startRedis } from '../redis/redis-server.js'
import { DURABLE, type Stage } from './stage.js'
import { until } from './until.js'

const SERVER = process.env.REDIS_SERVER_PATH ?? 'redis-server'
const NAME = 'main'

export interface SentinelSetup {
  readonly name: string
  readonly hosts: readonly string[]
  readonly master: RedisServer
  readonly replica: RedisServer
  /** Until the replica has all that the master acknowledged. */
  replicated(): Promise<void>
  /** The port of the master that all of these sentinels agree on; undefined while they do not. */
  agreedMaster(sentinels?: readonly number[]): Promise<number | undefined>
  signalSentinel(index: number, signal: NodeJS.Signals): void
}

/** A master, a replica, and three sentinels that act within a second. */
export async function startSentinelSetup(stage: Stage): Promise<SentinelSetup> {
  const master = await stage.redis()
  const replica = await startReplica(stage, master)
  const operator = stage.operator(master.port)
  const sentinels = await Promise.all([0, 1, 2].map(() => startSentinel(stage, master.port)))
  const clients = sentinels.map(({ port }) => stage.operator(port))
  await Promise.all(clients.map(hasten))
  await Promise.all(
    clients.map((client) => until('sentinels know each other', 15_000, () => knowsAll(client))),
  )
  const everybody = sentinels.map((_, index) => index)

  return {
    name: NAME,
    hosts: sentinels.map(({ port }) => `127.0.0.1:${port}`),
    master,
    replica,
    async replicated() {
      await operator.set('latest', Date.now())
      await until('the replica has everything', 4000, async () => (await operator.wait(1, 500)) === 1)
    },
    async agreedMaster(asked = everybody) {
      const addresses = asked.map((index) =>
        clients[index]?.call('SENTINEL', 'get-master-addr-by-name', NAME),
      )
      const ports = (await Promise.all(addresses)).map((address) => Number((address as string[])[1]))
      return ports.every((port) => port === ports[0]) ? ports[0] : undefined
    },
    signalSentinel: (index, signal) => void sentinels[index]?.child.kill(signal),
  }
}

export async function startReplica(stage: Stage, master: RedisServer): Promise<RedisServer> {
  const replica = await startRedis([...DURABLE, '--replicaof', `127.0.0.1 ${master.port}`])
  stage.after(() => replica.stop())
  const client = stage.operator(replica.port)
  await until('the replica follows', 8000, async () =>
    (await client.info('replication')).includes('master_link_status:up'),
  )
  return replica
}

async function startSentinel(
  stage: Stage,
  masterPort: number,
): Promise<{ port: number; child: ChildProcess }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'portcullis-sentinel-'))
  stage.after(() => rm(directory, { recursive: true, force: true }))
  const port = await freePort()
  const file = path.join(directory, 'sentinel.conf')
  await writeFile(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${directory}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
      `sentinel down-after-milliseconds ${NAME} 300`,
      `sentinel failover-timeout ${NAME} 2000`,
    ].join('\n'),
  )
  const child = spawn(SERVER, [file, '--sentinel'], { stdio: 'ignore' })
  await once(child, 'spawn')
  stage.after(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  return { port, child }
}

/** Sentinels otherwise greet each other every two seconds, and a busy machine makes them pause for thirty. */
async function hasten(client: Redis): Promise<void> {
  await until('the sentinel answers', 5000, async () => {
    const settings = ['PUBLISH-PERIOD', '200', 'INFO-PERIOD', '300', 'TILT-PERIOD', '500']
    return (await client.call('SENTINEL', 'DEBUG', ...settings).catch(() => '')) === 'OK'
  })
}

async function knowsAll(client: Redis): Promise<boolean> {
  const said = (await client.call('SENTINEL', 'MASTER', NAME)) as string[]
  const field = (name: string) => said[said.indexOf(name) + 1]
  return field('num-other-sentinels') === '2' && field('num-slaves') === '1' && field('flags') === 'master'
}
