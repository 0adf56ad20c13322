import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'

const SERVER = fileURLToPath(new URL('../server.js', import.meta.url))
let child: ChildProcess | undefined
let directory: string | undefined

afterEach(async () => {
  child?.kill('SIGKILL')
  if (directory !== undefined) await rm(directory, { recursive: true })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}

it('the example of the README runs, refuses strangers and greets who has a token', async () => {
  expect((await readFile(SERVER, 'utf8')).trim().split('\n').length).toBeLessThanOrEqual(25)
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-minimal-'))
  const port = await freePort()
  const running = spawn(process.execPath, [SERVER, String(port), directory], {
    env: {
      PATH: process.env.PATH,
      SESSION_SECRET: 'p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u',
      JWT_SECRET: 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child = running
  const [printed] = (await once(createInterface({ input: running.stdout }), 'line')) as [string]
  const token = /x-api-key: (\S+)"/.exec(printed)?.[1] ?? ''
  const url = `http://localhost:${port}/hello`
  const stranger = await fetch(url)
  expect(stranger.status).toBe(401)
  expect(stranger.headers.get('www-authenticate')).toContain('Bearer')
  const friend = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect(await friend.json()).toEqual({ hello: 'ada@example.com' })
})
