import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { freePort, type RedisServer, startRedis } from '../../../packages/core/test/redis/redis-server.js'
import { api, logIn, mint, type RunningGateway, runGateway } from './gateway-fixture.js'
import { kill, startProcess } from './process-fixture.js'

let server: RedisServer | undefined
const gateways: RunningGateway[] = []
const processes: ChildProcess[] = []
const directories: string[] = []

afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop()
  for (const child of processes.splice(0)) await kill(child)
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true })
  await server?.stop()
})

const SECRETS = {
  SESSION_SECRET: 'p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u',
  JWT_SECRET: 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o',
}

it('two gateways on one Redis share tokens and bans', async () => {
  server = await startRedis(['--appendonly', 'yes'])
  const ports = [await freePort(), await freePort()]
  // One public URL, as behind a load balancer.
  const shared = { ...SECRETS, REDIS_URL: server.url, PUBLIC_URL: `http://localhost:${ports[0]}` }
  for (const port of ports) gateways.push(await runGateway({ ...shared, PORT: String(port) }))
  const [first] = gateways
  if (!first) throw new Error('no gateway')
  const admin = await logIn(first, 'admin@example.com')
  const { token } = await mint(first, await logIn(first, 'user@example.com'))
  const statuses = async () => {
    const calls = ports.map((port) =>
      fetch(`http://localhost:${port}/v1/models`, { headers: { 'x-api-key': token } }),
    )
    return (await Promise.all(calls)).map((response) => response.status)
  }
  expect(await statuses()).toEqual([200, 200])
  expect(await statuses()).toEqual([200, 200])
  await api(first, admin, 'POST', '/api/admin/sessions/revoke-user', { user_email: 'user@example.com' })
  await expect.poll(statuses, { timeout: 1000 }).toEqual([403, 403])
})

it('a Redis that hangs is answered with 503 within a second, and forgotten when it goes on', async () => {
  server = await startRedis(['--appendonly', 'yes'])
  const gateway = await runGateway({ ...SECRETS, REDIS_URL: server.url })
  gateways.push(gateway)
  const user = await logIn(gateway, 'user@example.com')
  server.signal('SIGSTOP')
  const before = performance.now()
  expect((await api(gateway, user, 'GET', '/api/token/list')).status).toBe(503)
  expect(performance.now() - before).toBeLessThan(1000)
  server.signal('SIGCONT')
  const status = async () => (await api(gateway, user, 'GET', '/api/token/list')).status
  await expect.poll(status, { timeout: 5000 }).toBe(200)
})

it('a ban in one process cuts what streams through another', async () => {
  server = await startRedis(['--appendonly', 'yes'])
  const ports = [await freePort(), await freePort()]
  const shared = { ...SECRETS, REDIS_URL: server.url, PUBLIC_URL: `http://localhost:${ports[0]}` }
  for (const port of ports) {
    const directory = await mkdtemp(path.join(tmpdir(), 'portcullis-gateway-'))
    directories.push(directory)
    processes.push(await startProcess(port, directory, shared))
  }
  const [first, second] = ports.map((port) => ({ url: `http://localhost:${port}` }))
  if (!first || !second) throw new Error('no gateways')
  const admin = await logIn(first, 'admin@example.com')
  const { token } = await mint(first, await logIn(first, 'user@example.com'))
  const streaming = await fetch(`${second.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': token, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'demo-slow',
      max_tokens: 4096,
      stream: true,
      messages: [{ role: 'user', content: 'Tell me a long story, please. '.repeat(20) }],
    }),
  })
  expect(streaming.status).toBe(200)
  const reader = streaming.body?.getReader()
  expect((await reader?.read())?.done).toBe(false)

  await api(first, admin, 'POST', '/api/admin/sessions/revoke-user', { user_email: 'user@example.com' })
  const drained = (async () => {
    for (;;) if ((await reader?.read())?.done) return 'finished'
  })()
  await expect(drained).rejects.toThrow()
  const refused = await fetch(`${second.url}/v1/models`, { headers: { 'x-api-key': token } })
  expect(refused.status).toBe(403)
})

it('STRICT=1 refuses a Redis that may forget, and says what to set', async () => {
  server = await startRedis()
  await expect(runGateway({ ...SECRETS, REDIS_URL: server.url, STRICT: '1' })).rejects.toMatchObject({
    code: 'configuration_invalid',
    problems: [expect.stringContaining('Set appendonly to yes')],
  })
})
