import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import {
  type CookieJar,
  logIn,
  type RunningGateway,
  runGateway,
} from '../../../examples/full-gateway/test/gateway-fixture.js'
import { decideDevice, finish, statusOf, User, userCodeIn } from './cli-fixture.js'

let gateway: RunningGateway
let browser: CookieJar
let user: User

beforeAll(async () => {
  gateway = await runGateway()
  browser = await logIn(gateway, 'user@example.com')
})
afterAll(() => gateway.stop())
beforeEach(async () => {
  user = await User.create()
})
afterEach(() => user.dispose())

const approve = (userCode: string) => decideDevice(gateway.url, browser, userCode, 'approve')

it('whoever approves the code in a browser is logged in on the command line', async () => {
  const child = user.start(['login', gateway.url])
  const finished = finish(child)
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
  })
  await expect.poll(() => userCodeIn(printed), { timeout: 10_000 }).toBeDefined()
  const code = userCodeIn(printed) ?? ''
  expect(printed).toContain(`${gateway.url}/device?user_code=${code}`)
  await approve(code)
  const { code: exitCode, stdout, stderr } = await finished
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toContain(`Logged in to ${gateway.url} as user@example.com (api)`)

  const token = await user.run(['token'])
  expect(token).toEqual({ code: 0, stdout: expect.stringMatching(/^[\x21-\x7e]+\n$/), stderr: '' })
  expect(await statusOf(gateway.url, token.stdout.trim())).toBe(200)
  expect(await user.run(['whoami'])).toEqual({
    code: 0,
    stdout: `user@example.com (user) at ${gateway.url}\n`,
    stderr: '',
  })
})

it('a login that is denied fails with one line', async () => {
  const deny = (userCode: string) => decideDevice(gateway.url, browser, userCode, 'deny')
  const { code, stderr } = await user.logIn(gateway.url, deny)
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'portcullis: the login was denied in the browser\n',
  })
  expect((await user.run(['token'])).stderr).toMatch(/^portcullis: nobody is logged in.*\n$/)
})

it('a login that nobody approves ends when the code does, having slowed down when told to', async () => {
  let now = Date.now()
  const waits: number[] = []
  const { code, stderr } = await user.logIn(gateway.url, async () => {}, [], {
    now: () => now,
    async sleep(milliseconds) {
      waits.push(milliseconds / 1000)
      now += milliseconds
    },
  })
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'portcullis: nobody approved the code in time; start again\n',
  })
  // To the gate, whose clock has hardly moved, every question but the first comes too soon.
  expect(waits.slice(0, 4)).toEqual([5, 5, 10, 15])
  expect(waits.reduce((sum, wait) => sum + wait)).toBe(600)
})

it('with --json the code goes to stderr and the result to stdout', async () => {
  let told = ''
  let printed = ''
  const { code } = await user.runHere(['login', gateway.url, '--json', '--scope', 'api tokens:write'], {
    notify(text) {
      told += text
    },
    print(text) {
      printed += text
    },
    sleep: () => approve(userCodeIn(told) ?? ''),
  })
  expect(code).toBe(0)
  expect(JSON.parse(printed)).toEqual({
    gate: gateway.url,
    email: 'user@example.com',
    scope: 'api tokens:write',
    expires_at: expect.any(Number),
  })
})

it('a scope that the gate does not know is refused', async () => {
  const { code, stderr } = await user.runHere(['login', gateway.url, '--scope', 'everything'])
  expect(code).toBe(1)
  expect(stderr).toMatch(new RegExp(`^portcullis: ${gateway.url} refuses: .+\\n$`))
})

it('--browser opens the link, and without a browser the link is still there', async () => {
  const opened = path.join(user.home, 'opened')
  for (const opener of ['open', 'xdg-open'])
    await writeFile(path.join(user.home, opener), `#!/bin/sh\nprintf %s "$1" > ${opened}\n`, { mode: 0o700 })
  const folder = `${user.home}${path.delimiter}${process.env.PATH}`
  const withBrowser = user.start(['login', gateway.url, '--browser'], { PATH: folder })
  await expect
    .poll(() => readFile(opened, 'utf8').catch(() => ''), { timeout: 10_000 })
    .toContain(`${gateway.url}/device?user_code=`)
  withBrowser.kill()

  const withoutBrowser = user.start(['login', gateway.url, '--browser'], { PATH: '' })
  const finished = finish(withoutBrowser)
  await once(withoutBrowser.stderr, 'data')
  withoutBrowser.kill()
  const { stdout, stderr } = await finished
  expect(stderr).toMatch(/^no browser could be opened with .+\n$/)
  expect(userCodeIn(stdout)).toBeDefined()
})

it('logging in again revokes the earlier login', async () => {
  await user.logIn(gateway.url, approve)
  const earlier = (await user.run(['token'])).stdout.trim()
  expect(await statusOf(gateway.url, earlier)).toBe(200)
  await user.logIn(gateway.url, approve)
  expect(await statusOf(gateway.url, earlier)).toBe(401)
  expect(await statusOf(gateway.url, (await user.run(['token'])).stdout.trim())).toBe(200)
})

it('a gate that goes by another name is not logged in to', async () => {
  const other = gateway.url.replace('localhost', '127.0.0.1')
  expect(await user.runHere(['login', other])).toEqual({
    code: 1,
    stdout: '',
    stderr: `portcullis: ${other} calls itself ${gateway.url}; log in there\n`,
  })
})

it('http is for this machine alone', async () => {
  expect(await user.runHere(['login', 'http://gate.example.com'])).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /^portcullis: http:\/\/gate\.example\.com would send tokens in the clear.*\n$/,
    ),
  })
})

it('a gate that is down, and what is no gate, is one line', async () => {
  const stranger = createServer((_req, res) => res.writeHead(404).end('<h1>nothing here</h1>')).listen(0)
  await once(stranger, 'listening')
  const url = `http://localhost:${(stranger.address() as AddressInfo).port}`
  expect(await user.run(['login', url])).toEqual({
    code: 1,
    stdout: '',
    stderr: `portcullis: ${url} answered 404, as no Portcullis gate does; is that its URL?\n`,
  })
  stranger.close()
  stranger.closeAllConnections()
  await once(stranger, 'close')
  expect(await user.run(['login', url])).toEqual({
    code: 1,
    stdout: '',
    stderr: `portcullis: ${url} is out of reach (ECONNREFUSED)\n`,
  })
})
