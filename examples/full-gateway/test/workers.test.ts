import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { api, logIn, mint } from './gateway-fixture.js'
import { freePort, startProcess } from './process-fixture.js'

let directory: string
let gateway: ChildProcess | undefined

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-workers-'))
})
afterEach(async () => {
  if (gateway && gateway.exitCode === null && gateway.signalCode === null) {
    const exited = once(gateway, 'exit')
    gateway.kill('SIGTERM')
    await exited
  }
  await rm(directory, { recursive: true })
})

/** Over a connection of its own, so that the next one may reach another worker. */
function statusOf(port: number, token: string): Promise<number | undefined> {
  const agent = new Agent({ keepAlive: false })
  return new Promise((resolve, reject) => {
    get({ port, path: '/v1/models', headers: { 'x-api-key': token }, agent }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).once('error', reject)
  })
}

it('three workers on one embedded store share logins and tokens, and a ban in one bites in all', async () => {
  const port = await freePort()
  const url = `http://localhost:${port}`
  gateway = await startProcess(port, directory, { WORKERS: '3' })
  const admin = await logIn({ url }, 'admin@example.com')
  const { token } = await mint({ url }, await logIn({ url }, 'user@example.com'))
  const statuses = async () =>
    new Set(await Promise.all(Array.from({ length: 12 }, () => statusOf(port, token))))
  expect(await statuses()).toEqual(new Set([200]))
  const banned = await api({ url }, admin, 'POST', '/api/admin/sessions/revoke-user', {
    user_email: 'user@example.com',
  })
  expect(banned.status).toBe(200)
  // Not a moment later: every worker reads the one store.
  expect(await statuses()).toEqual(new Set([403]))
})

it('a worker that dies is replaced, and SIGTERM ends them all with exit code 0', async () => {
  const port = await freePort()
  let log = ''
  gateway = await startProcess(port, directory, { WORKERS: '2' }, (text) => {
    log += text
  })
  const started = () => [...log.matchAll(/"pid":(\d+),"msg":"worker started"/g)].map(([, pid]) => Number(pid))
  const [first] = started()
  process.kill(first ?? 0, 'SIGKILL')
  await expect.poll(() => started().length, { timeout: 10_000 }).toBe(3)
  expect(log).toContain('a worker died and is replaced')
  await expect.poll(() => fetch(`http://localhost:${port}/health`).then(({ status }) => status)).toBe(200)
  const exited = once(gateway, 'exit')
  gateway.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
})
