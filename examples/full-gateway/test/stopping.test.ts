import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../packages/core/test/redis/redis-server.js'
import { api, logIn, type RunningGateway, runGateway } from './gateway-fixture.js'
import { freePort, startProcess } from './process-fixture.js'

const SECRETS = {
  SESSION_SECRET: 'p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u',
  JWT_SECRET: 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o',
}
/** Refused to a user, which is audited and holds up no answer. */
const REFUSED = ['/api/admin/tokens', '/api/admin/audit', '/api/admin/audit/verify']

let directory: string
let server: RedisServer | undefined
let gateway: RunningGateway | undefined

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-stopping-'))
})
afterEach(async () => {
  await gateway?.stop()
  gateway = undefined
  await server?.stop()
  server = undefined
  await rm(directory, { recursive: true })
})

/** Has entries wait for a store that takes none for a moment, and stops the gateway meanwhile. */
async function stopWithEntriesWaiting(
  env: Record<string, string>,
  holdWrites: () => Promise<void>,
): Promise<readonly string[]> {
  gateway = await runGateway({ ...SECRETS, ...env, DATA_DIR: directory })
  const user = await logIn(gateway, 'user@example.com')
  await api(gateway, user, 'GET', '/api/account/sessions')
  await holdWrites()
  for (const route of REFUSED) expect((await api(gateway, user, 'GET', route)).status).toBe(403)
  await gateway.stop()
  gateway = await runGateway({ ...SECRETS, ...env, DATA_DIR: directory })
  const admin = await logIn(gateway, 'admin@example.com')
  const { body } = await api(gateway, admin, 'GET', '/api/admin/audit?action=admin.refused')
  return (body.entries as { subject: string }[]).map(({ subject }) => subject)
}

const expected = REFUSED.map((route) => `GET ${route}`).sort()

it('entries that wait for the embedded store when the gateway is stopped are stored', async () => {
  const lmdb = createRequire(import.meta.url).resolve('lmdb')
  const hold = async () => {
    const script = `
      const { open } = require(${JSON.stringify(lmdb)})
      const root = open({ path: ${JSON.stringify(path.join(directory, 'store', 'data.mdb'))}, maxDbs: 5 })
      root.transactionSync(() => {
        process.stdout.write('held')
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
      })`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
  }
  expect([...(await stopWithEntriesWaiting({}, hold))].sort()).toEqual(expected)
})

it('entries that wait for Redis when the gateway is stopped are stored', async () => {
  server = await startRedis(['--appendonly', 'yes'])
  const operator = new Redis(server.port, '127.0.0.1')
  const hold = async () => {
    await operator.call('client', 'pause', '100', 'write')
  }
  const stored = await stopWithEntriesWaiting({ REDIS_URL: server.url }, hold)
  operator.disconnect()
  expect([...stored].sort()).toEqual(expected)
})

it('every request that was answered has its line in the log, although lines are written in batches', async () => {
  const port = await freePort()
  let output = ''
  const child = await startProcess(port, directory, {}, (text) => {
    output += text
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const refused = () =>
    new Promise<void>((resolve, reject) => {
      get({ port, host: '127.0.0.1', path: '/v1/logged', agent }, (response) => {
        response.resume().once('end', resolve)
      }).once('error', reject)
    })
  await Promise.all(Array.from({ length: 400 }, refused))
  const ended = once(child, 'close')
  child.kill('SIGTERM')
  await ended
  agent.destroy()
  expect(child.exitCode).toBe(0)
  expect(output.match(/"path":"\/v1\/logged"/g)).toHaveLength(400)
})
