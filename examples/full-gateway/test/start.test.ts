import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { freePort, kill, MAIN } from './process-fixture.js'

let directory: string
const running: ChildProcess[] = []

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-start-'))
})
afterEach(async () => {
  for (const child of running.splice(0)) await kill(child)
  await rm(directory, { recursive: true })
})

/** The built gateway, starting; `output` is all that it has printed so far. */
function start(port: number, env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, PORT: String(port), DATA_DIR: path.join(directory, 'data'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      printed += chunk
    })
  return { child, output: () => printed, exited: once(child, 'exit') as Promise<[number | null]> }
}

function startRedis(port: number): ChildProcess {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory]
  const child = spawn(process.env.REDIS_SERVER_PATH ?? 'redis-server', options, { stdio: 'ignore' })
  running.push(child)
  return child
}

/** The status of a request, `refused` where nobody listens, `late` when no answer came within two seconds. */
async function probe(url: string): Promise<number | 'refused' | 'late'> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).status
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? 'late' : 'refused'
  }
}

it('a probe that comes while the gateway starts is answered: alive, not ready', async () => {
  const port = await freePort()
  const gateway = start(port, { REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
  await expect.poll(() => probe(`http://127.0.0.1:${port}/health`), { timeout: 10_000 }).toBe(200)
  const response = await fetch(`http://127.0.0.1:${port}/ready`)
  expect([response.status, await response.json()]).toEqual([503, { status: 'starting' }])
  expect(await probe(`http://127.0.0.1:${port}/v1/models`)).toBe(503)
  expect(gateway.child.exitCode).toBeNull()
})

it('a Redis that comes up later is waited for', async () => {
  const [port, redisPort] = [await freePort(), await freePort()]
  const gateway = start(port, { REDIS_URL: `redis://127.0.0.1:${redisPort}` })
  await expect.poll(gateway.output, { timeout: 10_000 }).toContain('waiting for the store')
  startRedis(redisPort)
  await expect.poll(() => probe(`http://127.0.0.1:${port}/ready`), { timeout: 10_000 }).toBe(200)
  await expect.poll(gateway.output).toContain('Portcullis is ready')
})

it('a Redis that never comes up ends the start after the time that is set, by its name and the reason', async () => {
  const redisPort = await freePort()
  const gateway = start(await freePort(), {
    REDIS_URL: `redis://someone:hunter2hunter2@127.0.0.1:${redisPort}`,
    STORE_WAIT_SECONDS: '1',
  })
  const [code] = await gateway.exited
  expect(code).toBe(1)
  expect(gateway.output()).toMatch(
    new RegExp(
      `The store at 127\\.0\\.0\\.1:${redisPort} does not answer \\(.*ECONNREFUSED.*\\); waited 1 s`,
    ),
  )
  expect(gateway.output()).not.toContain('hunter2')
})

it('ready is not said before it is so: what is missing is said instead', async () => {
  const port = await freePort()
  const gateway = start(port, {
    OIDC_ISSUER: `http://127.0.0.1:${await freePort()}`,
    OIDC_CLIENT_ID: 'gate',
    SUPER_ADMIN_EMAIL: 'root@example.com',
  })
  await expect
    .poll(gateway.output, { timeout: 10_000 })
    .toContain('not ready yet: the identity provider does not answer as it should')
  expect(gateway.output()).toMatch(/did not answer: ECONNREFUSED/)
  expect(gateway.output()).not.toContain('Portcullis is ready')
  gateway.child.kill('SIGTERM')
  expect((await gateway.exited)[0]).toBe(0)
})

it('every request from the moment that a worker listens is answered by a gateway', async () => {
  const port = await freePort()
  const gateway = start(port, { WORKERS: '3' })
  const statuses = new Map<string, number>()
  const until = performance.now() + 20_000
  while (!gateway.output().includes('Portcullis is ready') && performance.now() < until) {
    const status = String(await probe(`http://127.0.0.1:${port}/v1/models`))
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  for (let request = 0; request < 30; request++)
    expect(await probe(`http://127.0.0.1:${port}/v1/models`)).toBe(401)
  expect([...statuses.keys()].filter((status) => status !== 'refused' && status !== '401')).toEqual([])
})
