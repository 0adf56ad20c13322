import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { User } from './cli-fixture.js'

let user: User
beforeEach(async () => {
  user = await User.create()
})
afterEach(() => user.dispose())

it('--help and --version answer on stdout, also of the built program', async () => {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  expect(await user.run(['--version'])).toEqual({
    code: 0,
    stdout: `${JSON.parse(manifest).version}\n`,
    stderr: '',
  })
  const help = await user.run(['token', '--help'])
  expect(help).toMatchObject({ code: 0, stderr: '' })
  expect(help.stdout).toContain('Exit codes: 0 done, 1 failed, 2 wrong usage.')
})

it.each([
  [['--unknown'], "Unknown option '--unknown'; portcullis --help lists the options"],
  [['--json'], 'which command? portcullis --help lists them'],
  [['log-in'], 'log-in is no command; portcullis --help lists them'],
  [['toString'], 'toString is no command; portcullis --help lists them'],
  [['token', '--shell', 'sh'], '--shell is no option of token; portcullis --help lists them'],
  [
    ['token', 'https://gate.example.com'],
    'token takes no further argument, but https://gate.example.com was given',
  ],
  [['login'], 'which gate? portcullis login https://gate.example.com'],
  [
    ['login', 'https://a.example', '--gate', 'https://b.example'],
    'give the gate once: after login, or by --gate',
  ],
  [['login', 'gate.example.com'], 'gate.example.com is no gate; give its URL, as https://gate.example.com'],
  [
    ['login', 'ftp://gate.example.com'],
    'ftp://gate.example.com is no gate; give its URL, as https://gate.example.com',
  ],
  [['login', 'https://a.example/token-manager'], 'give the gate without a path: https://a.example'],
  [['login', 'https://ada:pw@a.example'], 'a gate takes no user name or password in its URL'],
  [
    ['login', 'http://localhost.example.com'],
    'http://localhost.example.com would send tokens in the clear; http is for this machine alone, give https',
  ],
])('%j is wrong usage', async (args, problem) => {
  expect(await user.runHere(args)).toEqual({ code: 2, stdout: '', stderr: `portcullis: ${problem}\n` })
})

it('without anything it shows what there is, and exits 2', async () => {
  expect(await user.runHere([])).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('login [URL]'),
  })
})
