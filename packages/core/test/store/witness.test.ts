import { fork } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JsonValue } from '../../src/store/store.js'
import { openWitness, type Witness } from '../../src/store/witness.js'

type Counts = Readonly<Record<string, number>>

let directory: string
let opened: Witness<Counts>[]

beforeEach(async () => {
  opened = []
  directory = path.join(await mkdtemp(path.join(tmpdir(), 'portcullis-witness-')), 'witness')
})
afterEach(async () => {
  for (const witness of opened) await witness.close()
  await rm(path.dirname(directory), { recursive: true, force: true })
})

function openCounts(at = directory): Witness<Counts> {
  const witness = openWitness<Counts>({ path: at, parse: readCounts, merge: mergeCounts })
  opened.push(witness)
  return witness
}

function readCounts(value: JsonValue): Counts | undefined {
  const isCounts = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isCounts ? (value as Counts) : undefined
}

function mergeCounts(one: Counts, other: Counts): Counts {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort()
  return Object.fromEntries(names.map((name) => [name, Math.max(one[name] ?? 0, other[name] ?? 0)]))
}

describe('a witness', () => {
  it('knows nothing at first, and later what it was told, in files that only their owner can read', async () => {
    const first = openCounts()
    expect(first.found).toBeUndefined()
    first.remember({ a: 1 })
    first.remember({ a: 2, b: 1 })
    await first.flush()
    const files = await readdir(directory)
    expect(files).not.toEqual([])
    for (const name of files) expect((await stat(path.join(directory, name))).mode & 0o777).toBe(0o600)
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    expect(openCounts().found).toEqual({ a: 2, b: 1 })
  })

  it('is on the disk when it says so, also after the process was killed', async () => {
    const first = openCounts()
    first.remember({ a: 7 })
    await first.flush()
    const [name = ''] = await readdir(directory)
    expect(JSON.parse(await readFile(path.join(directory, name), 'utf8'))).toEqual({ a: 7 })
  })

  it('writes the newest of many, not each of them', async () => {
    let written = 0
    const toJSON = function (this: Counts) {
      written += 1
      return { ...this }
    }
    const merge = (one: Counts, other: Counts) =>
      Object.defineProperty(mergeCounts(one, other), 'toJSON', { value: toJSON, enumerable: false })
    const witness = openWitness<Counts>({ path: directory, parse: readCounts, merge })
    opened.push(witness)
    for (let count = 1; count <= 5000; count++) witness.remember({ a: count })
    await witness.flush()
    // The first is on its way when the others come: one more write takes them all.
    expect(written).toBe(1)
    expect(openCounts().found).toEqual({ a: 5000 })
  })

  it('loses nothing of a process that lives while another starts and folds its file', async () => {
    const first = openCounts()
    first.remember({ a: 1 })
    await first.flush()
    const second = openCounts()
    expect(second.found).toEqual({ a: 1 })
    first.remember({ b: 1 })
    second.remember({ c: 1 })
    await Promise.all([first.flush(), second.flush()])
    expect(openCounts().found).toEqual({ a: 1, b: 1, c: 1 })
  })

  it('does not grow with the number of starts', async () => {
    const first = openCounts()
    first.remember({ a: 1 })
    await first.flush()
    for (let start = 0; start < 20; start++) await openCounts().close()
    expect((await readdir(directory)).length).toBeLessThanOrEqual(2)
    expect(openCounts().found).toEqual({ a: 1 })
  })

  it('loses nothing when processes that start, write and are killed share it', async () => {
    const child = path.join(directory, '..', 'child.mjs')
    const source = new URL('../../src/store/witness.ts', import.meta.url)
    await writeFile(child, await childOf(source))
    const finished: string[] = []
    await Promise.all(
      Array.from({ length: 4 }, async (_, lane) => {
        for (let turn = 0; turn < 5; turn++) {
          const name = `process-${lane}-${turn}`
          const running = fork(child, [directory, name], { stdio: 'ignore' })
          const [message] = (await once(running, 'message')) as [string]
          expect(message).toBe('written')
          running.kill('SIGKILL')
          await once(running, 'exit')
          finished.push(name)
        }
      }),
    )
    expect(Object.keys(openCounts().found ?? {}).sort()).toEqual(finished.sort())
  }, 30_000)

  it('passes over a damaged file, says so, and still knows the others', async () => {
    const first = openCounts()
    first.remember({ a: 1 })
    await first.flush()
    await writeFile(path.join(directory, 'witness-damaged.json'), '{"a": 9')
    const second = openCounts()
    expect(second.found).toEqual({ a: 1 })
    expect(second.warnings).toEqual([expect.stringContaining('damaged')])
    expect(openCounts().warnings).toEqual([])
  })

  it('stops the start when its directory cannot be used', async () => {
    await mkdir(directory)
    const file = path.join(directory, 'file')
    await writeFile(file, '')
    for (const unusable of [file, path.join(file, 'below')])
      expect(() => openCounts(unusable)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
  })

  it('says that it cannot be written for as long as that is so, and then writes what was missed', async () => {
    const witness = openCounts()
    const moved = `${directory}-moved`
    await rm(directory, { recursive: true })
    await writeFile(directory, '')
    witness.remember({ a: 1 })
    await witness.flush()
    expect(witness.warnings).toEqual([expect.stringContaining('cannot be written')])
    await rm(directory)
    await mkdir(directory)
    await chmod(directory, 0o700)
    await expect.poll(() => witness.warnings, { timeout: 5000 }).toEqual([])
    expect(openCounts().found).toEqual({ a: 1 })
    await rm(moved, { force: true })
  })
})

/** A process of its own cannot import TypeScript: it gets the module without its types. */
async function childOf(source: URL): Promise<string> {
  const { build } = await import('esbuild')
  const use = `
    import { openWitness } from ${JSON.stringify(fileURLToPath(source))}
    const merge = (one, other) => ({ ...one, ...other })
    const witness = openWitness({ path: process.argv[2], parse: (value) => value ?? undefined, merge })
    witness.remember({ [process.argv[3]]: 1 })
    await witness.flush()
    process.send('written')
    setInterval(() => {}, 1000)`
  const { outputFiles } = await build({
    stdin: { contents: use, resolveDir: path.dirname(fileURLToPath(source)) },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}
