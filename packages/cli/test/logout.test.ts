import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  type CookieJar,
  logIn,
  type RunningGateway,
  runGateway,
} from '../../../examples/full-gateway/test/gateway-fixture.js'
import { decideDevice, statusOf, User } from './cli-fixture.js'

let gateway: RunningGateway
let browser: CookieJar
let user: User

beforeEach(async () => {
  gateway = await runGateway()
  browser = await logIn(gateway, 'user@example.com')
  user = await User.create()
  await user.logIn(gateway.url, (userCode) => decideDevice(gateway.url, browser, userCode, 'approve'))
})
afterEach(async () => {
  await user.dispose()
  await gateway.stop()
})

it('logging out revokes the refresh token and the access token, and forgets them', async () => {
  const credentials = await user.credentials()
  const { accessToken } = credentials.gates[gateway.url] ?? { accessToken: '' }
  expect(await statusOf(gateway.url, accessToken)).toBe(200)
  expect(await user.run(['logout'])).toEqual({
    code: 0,
    stdout: `Logged out of ${gateway.url}\n`,
    stderr: '',
  })
  expect(await user.credentials()).toEqual({ gates: {} })
  expect(await statusOf(gateway.url, accessToken)).toBe(401)
  expect(await user.run(['logout'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'portcullis: nobody is logged in: portcullis login https://gate.example.com\n',
  })

  await user.write(credentials)
  await user.expire(gateway.url)
  const { code, stdout, stderr } = await user.run(['token'])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^portcullis: .+ Log in again: portcullis login .+\n$/)
})

it('a login is forgotten also when the gate is out of reach, which is said', async () => {
  await gateway.close()
  const { code, stdout, stderr } = await user.run(['logout', '--json'])
  expect({ code, stdout: JSON.parse(stdout) }).toEqual({
    code: 1,
    stdout: { gate: gateway.url, revoked: false },
  })
  expect(stderr).toBe(
    `portcullis: the login is forgotten here, but not revoked at the gate: ${gateway.url} is out of reach (ECONNREFUSED)\n`,
  )
  expect(await user.credentials()).toEqual({ gates: {} })
})

it('the other logins stay, and none of them becomes the default', async () => {
  const other = 'https://other.example.com'
  const { default: gate, gates } = await user.credentials()
  const credential = { accessToken: 'o', refreshToken: 'r', expiresAt: Date.now() + 3_600_000, scope: 'api' }
  await user.write({
    ...(gate === undefined ? {} : { default: gate }),
    gates: { ...gates, [other]: credential },
  })
  expect((await user.run(['logout', '--gate', gateway.url])).code).toBe(0)
  expect(await user.credentials()).toEqual({ gates: { [other]: credential } })
  expect((await user.run(['token'])).code).toBe(1)
  expect((await user.run(['token', '--gate', other])).stdout).toBe('o\n')
})

it('whoami says how the gate sees the account, and why it refuses', async () => {
  const { code, stdout } = await user.run(['whoami', '--json'])
  expect({ code, account: JSON.parse(stdout) }).toEqual({
    code: 0,
    account: expect.objectContaining({ gate: gateway.url, email: 'user@example.com', role: 'user' }),
  })
  const admin = await logIn(gateway, 'admin@example.com')
  await admin.fetch(`${gateway.url}/api/admin/sessions/revoke-user`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
    body: JSON.stringify({ user_email: 'user@example.com' }),
  })
  const banned = await user.run(['whoami'])
  expect({ code: banned.code, stdout: banned.stdout }).toEqual({ code: 1, stdout: '' })
  expect(banned.stderr).toMatch(new RegExp(`^portcullis: ${gateway.url} refuses: .+\\n$`))
})
