import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url))
const PROGRAM = path.join(CACHE, 'lmdb-full-disk.mjs')

/** A file system of four megabytes, in a name space where that needs no rights; not every kernel lets one. */
function mayMount(): boolean {
  try {
    execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', tmpdir()], {
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
}

describe.skipIf(!mayMount())('LMDB on a disk that is full', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'portcullis-lmdb-'))
    await build({
      entryPoints: [fileURLToPath(new URL('./full-disk.fixture.ts', import.meta.url))],
      outfile: PROGRAM,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
    })
  })
  afterAll(() => rm(directory, { recursive: true }))

  it('refuses commits, loses nothing, goes on reading and deleting, and ends no process', async () => {
    const script = 'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$1" "$2" "$0/store"'
    const shell = ['-rm', 'sh', '-c', script, directory, process.execPath, PROGRAM]
    const { stdout } = await promisify(execFile)('unshare', shell)
    expect(JSON.parse(stdout)).toEqual({ codes: ['store_unavailable'], lost: 0, isRead: true, deleted: 1 })
  })
})
