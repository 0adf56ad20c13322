import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { api, CookieJar, logIn, mint } from './gateway-fixture.js'
import { freePort, kill, startProcess } from './process-fixture.js'

const ROUNDS = 50

let directory: string
let running: ChildProcess | undefined

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-kill-'))
})
afterEach(async () => {
  if (running) await kill(running)
  await rm(directory, { recursive: true })
})

async function start(port: number): Promise<ChildProcess> {
  running = await startProcess(port, directory)
  return running
}

it('every acknowledged mint and revocation survives kill -9 of the gateway, 50 times over', async () => {
  const port = await freePort()
  const gateway = { url: `http://localhost:${port}` }
  let child = await start(port)
  const jar = await logIn(gateway, 'user@example.com')
  const alive = new Map<string, string>()
  const revoked = new Map<string, string>()
  let issued = 0

  for (let round = 0; round < ROUNDS; round++) {
    const doomed = setTimeout(() => child.kill('SIGKILL'), 100 + Math.random() * 150)
    const exited = once(child, 'exit')
    const work = async () => {
      for (;;) {
        const { token, id } = await mint(gateway, jar)
        alive.set(id, token)
        issued += 1
        if (issued % 2 === 1) continue
        // Between the call and its answer nobody knows whether it is revoked.
        alive.delete(id)
        const answer = await api(gateway, jar, 'POST', '/api/token/revoke', { token_id: id })
        if (answer.status === 200) revoked.set(id, token)
      }
    }
    await Promise.allSettled([work(), work()])
    await exited
    clearTimeout(doomed)
    child = await start(port)
  }
  expect(alive.size).toBeGreaterThan(ROUNDS / 2)
  expect(revoked.size).toBeGreaterThan(ROUNDS / 4)

  const status = async (token: string) =>
    (await fetch(`${gateway.url}/v1/models`, { headers: { 'x-api-key': token } })).status
  for (const token of alive.values()) expect(await status(token)).toBe(200)
  for (const token of revoked.values()) expect(await status(token)).toBe(401)
  const listed = await api(gateway, jar, 'GET', '/api/token/list?limit=200')
  expect(listed.status).toBe(200)
  await kill(child)
}, 180_000)

it('SIGTERM lets a running answer finish, refuses new connections and exits 0', async () => {
  const port = await freePort()
  const gateway = { url: `http://localhost:${port}` }
  const child = await start(port)
  const { token } = await mint(gateway, await logIn(gateway, 'user@example.com'))
  const response = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': token, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'claude-opus-4-5',
      max_tokens: 60,
      stream: true,
      messages: [{ role: 'user', content: 'Hello' }],
    }),
  })
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  expect(await response.text()).toContain('message_stop')
  const [code] = await exited
  expect(code).toBe(0)
  await expect(new CookieJar().fetch(`${gateway.url}/health`)).rejects.toThrow()
})
