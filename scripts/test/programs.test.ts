import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findPrograms } from '../workspace/programs.mjs'

const named = { CHROMIUM_PATH: '/bin/sh', NGINX_PATH: '/bin/sh', CADDY_PATH: '/bin/sh' }
let folder: string
let calls: string
let printed: string[]

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-programs-'))
  calls = path.join(folder, 'calls')
  await writeFile(calls, '')
  printed = []
  vi.spyOn(console, 'log').mockImplementation(() => {})
  vi.spyOn(console, 'error').mockImplementation((line) => {
    printed.push(line)
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

/** Puts a program on the search path that notes how it was called, and then does what `body` says. */
async function place(name: string, body = '') {
  await writeFile(path.join(folder, name), `#!/bin/sh\necho ${name} "$@" >> '${calls}'\n${body}\n`, {
    mode: 0o755,
  })
}

const called = async () => (await readFile(calls, 'utf8')).trim().split('\n').filter(Boolean)

describe('programs that the tests need', () => {
  it('are asked for in one line to type, and nothing is installed, on the machine of a person', async () => {
    await place('sudo')
    await place('apt-get')
    expect(await findPrograms({ PATH: folder, ...named }, false)).toBeUndefined()
    expect(printed).toEqual([
      'portcullis: the tests need Redis (or set REDIS_SERVER_PATH); on Debian: ' +
        'sudo apt-get install --yes --no-install-recommends redis-server',
    ])
    expect(await called()).toEqual([])
  })

  it.each([
    ['root', { CI: undefined }, true],
    ['CI', { CI: 'true' }, false],
  ])('are installed without sudo by %s', async (_, ci, isRoot) => {
    await place('sudo')
    const server = path.join(folder, 'redis-server')
    await place('apt-get', `case "$1" in install) echo > '${server}'; /bin/chmod +x '${server}';; esac`)
    const found = await findPrograms({ PATH: folder, ...named, ...ci }, isRoot)
    expect(found).toEqual({ ...named, REDIS_SERVER_PATH: server })
    expect(await called()).toEqual([
      'apt-get -qq update',
      'apt-get install --yes --no-install-recommends redis-server',
    ])
  })

  it('are asked for after apt-get could not install them', async () => {
    await place('apt-get', 'echo no network; exit 100')
    expect(await findPrograms({ PATH: folder, ...named, CI: 'true' }, false)).toBeUndefined()
    expect(printed.map((line) => line.split('\n').at(-1)?.split(':')[0])).toEqual([
      'no network',
      'portcullis',
    ])
  })

  it('are taken from the search path, or from where the environment says', async () => {
    await place('redis-server')
    const found = await findPrograms({ PATH: folder, ...named }, false)
    expect(found).toEqual({ ...named, REDIS_SERVER_PATH: path.join(folder, 'redis-server') })
  })
})
