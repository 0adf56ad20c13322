import { execFileSync } from 'node:child_process'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { User } from './cli-fixture.js'

const GATE = 'https://gate.example.com'
/** Whatever a token may hold (RFC 6749 appendix A.12), so that any shell would stumble. */
const TOKEN = `a'b"c$HOME\`id\`\\'!;&|<>(){}*?#~%^`

let user: User
beforeEach(async () => {
  user = await User.create()
  const credential = {
    accessToken: TOKEN,
    refreshToken: 'r',
    expiresAt: Date.now() + 3_600_000,
    scope: 'api',
  }
  await user.write({ default: GATE, gates: { [GATE]: credential } })
})
afterEach(() => user.dispose())

const print = async (...args: string[]) => (await user.run(['env', ...args])).stdout

it('a shell that reads the exports has what Claude Code and the OpenAI SDKs need', async () => {
  const names = ['ANTHROPIC_BASE_URL', 'ANTHROPIC_AUTH_TOKEN', 'OPENAI_BASE_URL', 'OPENAI_API_KEY']
  const script = `${await print()}\nfor name in ${names.join(' ')}; do printenv $name; done`
  expect(execFileSync('sh', ['-eu', '-c', script], { encoding: 'utf8' }).trimEnd().split('\n')).toEqual([
    GATE,
    TOKEN,
    `${GATE}/v1`,
    TOKEN,
  ])
})

it('fish has its backslashes doubled, PowerShell its quotes', async () => {
  expect(await print('--shell', 'fish')).toContain(
    String.raw`set -gx OPENAI_API_KEY 'a\'b"c$HOME${'`id`'}\\\'!;&|<>(){}*?#~%^'`,
  )
  expect(await print('--shell', 'powershell')).toContain(
    String.raw`$env:OPENAI_API_KEY = 'a''b"c$HOME${'`id`'}\''!;&|<>(){}*?#~%^'`,
  )
})

it('--json is --shell json', async () => {
  const json = await print('--json')
  expect(await print('--shell', 'json')).toBe(json)
  expect(JSON.parse(json)).toEqual({
    ANTHROPIC_BASE_URL: GATE,
    ANTHROPIC_AUTH_TOKEN: TOKEN,
    OPENAI_BASE_URL: `${GATE}/v1`,
    OPENAI_API_KEY: TOKEN,
  })
})

it('Windows speaks PowerShell', async () => {
  const { stdout } = await user.runHere(['env'], { platform: 'win32' })
  expect(stdout).toContain(`$env:ANTHROPIC_BASE_URL = '${GATE}'`)
})

it('another shell is wrong usage', async () => {
  for (const shell of ['tcsh', 'constructor', '__proto__'])
    expect(await user.run(['env', '--shell', shell])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'portcullis: --shell takes sh, fish, powershell, json\n',
    })
})
