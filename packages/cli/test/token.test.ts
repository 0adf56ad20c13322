import { existsSync } from 'node:fs'
import { utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import {
  type CookieJar,
  logIn,
  type RunningGateway,
  runGateway,
} from '../../../examples/full-gateway/test/gateway-fixture.js'
import { decideDevice, finish, statusOf, User } from './cli-fixture.js'
import { type SlowGate, startSlowGate } from './slow-gate.js'

let gateway: RunningGateway
let browser: CookieJar
let user: User
let slowGate: SlowGate | undefined

beforeAll(async () => {
  gateway = await runGateway()
  browser = await logIn(gateway, 'user@example.com')
})
afterAll(() => gateway.stop())
beforeEach(async () => {
  user = await User.create()
  const { code } = await user.logIn(gateway.url, (userCode) =>
    decideDevice(gateway.url, browser, userCode, 'approve'),
  )
  expect(code).toBe(0)
})
afterEach(async () => {
  await slowGate?.stop()
  slowGate = undefined
  await user.dispose()
})

const tokenRequests = () => gateway.logged().split('"path":"/oauth2/token"').length - 1

it('twenty processes with an expired token spend one refresh token, and all have one that works', async () => {
  const expired = (await user.credentials()).gates[gateway.url]?.accessToken
  await user.expire(gateway.url)
  const before = tokenRequests()
  const ran = await Promise.all(Array.from({ length: 20 }, () => user.run(['token'])))
  expect(ran.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(20).fill({ code: 0, stderr: '' }))
  const printed = new Set(ran.map(({ stdout }) => stdout.trim()))
  expect(printed.size).toBe(1)
  expect(printed).not.toContain(expired)
  expect(tokenRequests() - before).toBe(1)
  expect(await statusOf(gateway.url, [...printed][0] ?? '')).toBe(200)
  await user.expire(gateway.url)
  expect((await user.run(['token'])).code).toBe(0)
}, 60_000)

it('a token with a minute left is printed without asking the gate', async () => {
  const url = 'https://gate.example.com'
  const expiresAt = Math.floor(Date.now() / 1000 + 62) * 1000
  const credential = { accessToken: 'a0', refreshToken: 'r0', expiresAt, scope: 'api' }
  await user.write({ default: url, gates: { [url]: credential } })
  const { stdout } = await user.run(['token', '--json'])
  expect(JSON.parse(stdout)).toEqual({ gate: url, access_token: 'a0', expires_at: expiresAt / 1000 })
})

it('env refreshes a token that would not last ten minutes', async () => {
  const credentials = await user.credentials()
  const credential = credentials.gates[gateway.url]
  if (!credential) throw new Error('nobody is logged in')
  const short = { ...credential, expiresAt: Date.now() + 599_000 }
  await user.write({ ...credentials, gates: { [gateway.url]: short } })
  expect((await user.run(['token'])).stdout.trim()).toBe(short.accessToken)
  const { OPENAI_API_KEY: token } = JSON.parse((await user.run(['env', '--json'])).stdout)
  expect(token).not.toBe(short.accessToken)
  expect(await statusOf(gateway.url, token)).toBe(200)
})

it('the lock of a process that died is broken, by any number of processes at once', async () => {
  const dead = user.start(['--version'])
  await finish(dead)
  await writeFile(`${user.file}.lock`, JSON.stringify({ pid: dead.pid, host: hostname(), id: 'x' }))
  await user.expire(gateway.url)
  const before = tokenRequests()
  const ran = await Promise.all(Array.from({ length: 8 }, () => user.run(['token'])))
  expect(ran.map(({ code }) => code)).toEqual(Array(8).fill(0))
  expect(tokenRequests() - before).toBe(1)
  expect(existsSync(`${user.file}.lock`)).toBe(false)
  expect(existsSync(`${user.file}.lock.guard`)).toBe(false)
})

it('a lock that is older than any work is broken, whoever holds it', async () => {
  const lock = `${user.file}.lock`
  await writeFile(lock, JSON.stringify({ pid: process.pid, host: 'another machine', id: 'x' }))
  await utimes(lock, new Date(), new Date(Date.now() - 46_000))
  await user.expire(gateway.url)
  expect((await user.run(['token'])).code).toBe(0)
})

it('a signal during a refresh does not lose what the gate gave', async () => {
  slowGate = await startSlowGate()
  const credential = { accessToken: 'a0', refreshToken: 'r0', expiresAt: 0, scope: 'api' }
  await user.write({ default: slowGate.url, gates: { [slowGate.url]: credential } })
  const child = user.start(['token'])
  const finished = finish(child)
  await slowGate.asked
  child.kill('SIGTERM')
  slowGate.answer({ access_token: 'a1', refresh_token: 'r1', token_type: 'Bearer', expires_in: 3600 })
  await finished
  expect(child.signalCode).toBe('SIGTERM')
  expect((await user.credentials()).gates[slowGate.url]).toMatchObject({
    accessToken: 'a1',
    refreshToken: 'r1',
  })
  expect(existsSync(`${user.file}.lock`)).toBe(false)
})

it('what a gate answers reaches no terminal as it is, and no token is told', async () => {
  slowGate = await startSlowGate()
  const secret = 'r'.repeat(64)
  const credential = { accessToken: 'a0', refreshToken: secret, expiresAt: 0, scope: 'api' }
  await user.write({ default: slowGate.url, gates: { [slowGate.url]: credential } })
  const finished = user.run(['token'])
  await slowGate.asked
  slowGate.answer({ error: 'invalid_grant', error_description: `\u001b[2J ${secret}\nis spent.` }, 400)
  expect(await finished).toEqual({
    code: 1,
    stdout: '',
    stderr: `portcullis: ${slowGate.url} refuses: [2J … is spent. Log in again: portcullis login ${slowGate.url}\n`,
  })
})

it('a token that would break out of a line is not kept', async () => {
  slowGate = await startSlowGate()
  const credential = { accessToken: 'a0', refreshToken: 'r0', expiresAt: 0, scope: 'api' }
  await user.write({ default: slowGate.url, gates: { [slowGate.url]: credential } })
  const finished = user.run(['token'])
  await slowGate.asked
  slowGate.answer({ access_token: 'a1\nrm -rf', refresh_token: 'r1', token_type: 'Bearer', expires_in: 3600 })
  expect(await finished).toMatchObject({ code: 1, stdout: '' })
})

it('a gate that is down is one line', async () => {
  slowGate = await startSlowGate()
  const { url } = slowGate
  await slowGate.stop()
  const credential = { accessToken: 'a0', refreshToken: 'r0', expiresAt: 0, scope: 'api' }
  await user.write({ default: url, gates: { [url]: credential } })
  const stderr = `portcullis: ${url} is out of reach (ECONNREFUSED)\n`
  for (const command of ['token', 'env', 'whoami'])
    expect(await user.run([command])).toEqual({ code: 1, stdout: '', stderr })
  expect((await user.credentials()).gates[url]).toEqual(credential)
})
