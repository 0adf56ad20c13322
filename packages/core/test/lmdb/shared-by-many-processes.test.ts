import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lmdbStore } from '../../src/lmdb/index.js'

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url))
const PROGRAM = path.join(CACHE, 'lmdb-writer.mjs')

let directory: string
const children: ChildProcessWithoutNullStreams[] = []

beforeAll(() =>
  build({
    entryPoints: [fileURLToPath(new URL('./writer.fixture.ts', import.meta.url))],
    outfile: PROGRAM,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  }),
)
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-lmdb-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(directory, { recursive: true })
})

function run(mode: 'serve' | 'write'): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [PROGRAM, directory, mode])
  children.push(child)
  return child
}

async function serving() {
  const child = run('serve')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  return async (line: string): Promise<string> => {
    child.stdin.write(`${line}\n`)
    return String((await lines.next()).value)
  }
}

describe('LMDB shared by processes', () => {
  it('shows a commit to every process from the moment it is acknowledged', async () => {
    const [one, other] = await Promise.all([serving(), serving()])
    for (let round = 0; round < 200; round++) {
      expect(await other(`get ${round}`)).toBe('absent')
      expect(await one(`put ${round}`)).toBe('done')
      expect(await other(`get ${round}`)).toBe('there')
    }
  })

  it('keeps what it acknowledged when its writers are killed at any moment', {
    timeout: 60_000,
  }, async () => {
    const acknowledged = new Set<string>()
    for (let round = 0; round < 15; round++) {
      const writers = [run('write'), run('write')]
      for (const writer of writers)
        createInterface({ input: writer.stdout }).on('line', (line) => acknowledged.add(line))
      await Promise.all(writers.map((writer) => once(writer.stdout, 'data')))
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
      const gone = writers.map((writer) => once(writer, 'close'))
      for (const writer of writers) writer.kill('SIGKILL')
      await Promise.all(gone)
    }
    expect(acknowledged.size).toBeGreaterThan(30)
    const store = lmdbStore({ path: directory })
    const ids = [...acknowledged]
    const records = await store.read(
      'p',
      ids.map((id) => ({ collection: 'c', id })),
    )
    expect(ids.filter((_, index) => records[index] === undefined)).toEqual([])
    const [sum] = await store.read('p', [{ collection: 'sum', id: 'sum' }])
    expect(sum?.value).toBe(await store.count('p', 'c'))
    await store.close()
  })
})
