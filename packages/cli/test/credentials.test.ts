import { chmod, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { changeCredentials } from '../src/credentials/change.js'
import { locateCredentials } from '../src/credentials/locate.js'
import { User } from './cli-fixture.js'

const A = 'https://a.example.com'
const B = 'https://b.example.com'
const fresh = (accessToken: string) => ({
  accessToken,
  refreshToken: 'r',
  expiresAt: Date.now() + 3_600_000,
  scope: 'api',
})

let user: User
beforeEach(async () => {
  user = await User.create()
})
afterEach(() => user.dispose())

const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8)

it('the file is for its owner alone, and so is the folder; no draft is left beside it', async () => {
  const world = user.world({ env: { XDG_CONFIG_HOME: user.home } })
  await changeCredentials(world, (_current, keep) => keep({ default: A, gates: { [A]: fresh('a') } }))
  const folder = path.join(user.home, 'portcullis')
  expect(await modeOf(folder)).toBe('700')
  expect(await modeOf(path.join(folder, 'credentials.json'))).toBe('600')
  expect(await readdir(folder)).toEqual(['credentials.json'])
})

it('it lies where the environment says', () => {
  const locate = (env: Record<string, string>) => locateCredentials({ env, home: '/home/ada' })
  expect(locate({})).toBe('/home/ada/.config/portcullis/credentials.json')
  expect(locate({ XDG_CONFIG_HOME: '/etc/ada' })).toBe('/etc/ada/portcullis/credentials.json')
  expect(locate({ XDG_CONFIG_HOME: 'relative' })).toBe('/home/ada/.config/portcullis/credentials.json')
  expect(locate({ XDG_CONFIG_HOME: '/etc/ada', PORTCULLIS_HOME: '/srv/p' })).toBe('/srv/p/credentials.json')
})

it('what others can read is refused, with what to do about it', async () => {
  await user.write({ default: A, gates: { [A]: fresh('a') } })
  await chmod(user.file, 0o640)
  expect(await user.run(['token'])).toEqual({
    code: 1,
    stdout: '',
    stderr: `portcullis: others can get at ${user.file}: chmod 600 ${user.file}, and log in again if anybody may have\n`,
  })
  await chmod(user.file, 0o600)
  await chmod(user.home, 0o755)
  expect((await user.run(['token'])).stderr).toContain(`chmod 700 ${user.home}`)
  await chmod(user.home, 0o700)
  expect(await user.run(['token'])).toMatchObject({ code: 0, stdout: 'a\n' })
})

it('a damaged file is one line', async () => {
  await user.write({ gates: { [A]: { accessToken: 'a' } } } as never)
  expect(await user.run(['token'])).toEqual({
    code: 1,
    stdout: '',
    stderr: `portcullis: ${user.file} is damaged; remove it and log in again\n`,
  })
})

it('--gate comes before PORTCULLIS_GATE, and that before the last login', async () => {
  await user.write({ default: A, gates: { [A]: fresh('a'), [B]: fresh('b') } })
  const token = async (args: string[], env: Record<string, string> = {}) =>
    (await user.run(['token', ...args], env)).stdout
  expect(await token([])).toBe('a\n')
  expect(await token([], { PORTCULLIS_GATE: '' })).toBe('a\n')
  expect(await token([], { PORTCULLIS_GATE: `${B}/` })).toBe('b\n')
  expect(await token(['--gate', A], { PORTCULLIS_GATE: B })).toBe('a\n')
})

it('without a last login no gate is guessed', async () => {
  await user.write({ gates: { [A]: fresh('a'), [B]: fresh('b') } })
  expect(await user.run(['token'])).toEqual({
    code: 1,
    stdout: '',
    stderr: `portcullis: choose by --gate or PORTCULLIS_GATE: ${A}, ${B}\n`,
  })
  expect((await user.run(['token', '--gate', 'https://c.example.com'])).stderr).toBe(
    'portcullis: nobody is logged in to https://c.example.com: portcullis login https://c.example.com\n',
  )
})
