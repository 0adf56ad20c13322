import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'

const SERVER = process.env.REDIS_SERVER_PATH ?? 'redis-server'

/** A real redis-server on loopback, with a directory of its own. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  readonly pid: number
  signal(signal: NodeJS.Signals): void
  /** Starts it again on the same port and directory after it was killed. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'portcullis-redis-'))
  const port = await freePort()
  let child = await launch(port, directory, settings)
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? 0
    },
    signal: (signal) => void child.kill(signal),
    async restart() {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      child = await launch(port, directory, settings)
    },
    async stop() {
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function launch(port: number, directory: string, settings: readonly string[]): Promise<ChildProcess> {
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '']
  const child = spawn(SERVER, [...fixed, ...settings], { stdio: 'ignore' })
  await once(child, 'spawn')
  const client = new Redis(port, '127.0.0.1', {
    lazyConnect: true,
    maxRetriesPerRequest: 100,
    retryStrategy: () => 20,
  })
  client.on('error', () => {})
  await client.connect().catch(() => {})
  await client.ping()
  client.disconnect()
  return child
}
