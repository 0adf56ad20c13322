import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PagesNotBuiltError, readBuild } from '../../src/build/read.js'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pages-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

describe('readBuild', () => {
  it('says how to build what was not built', () => {
    const missing = join(directory, 'missing')
    const read = () => readBuild([missing])
    expect(read).toThrow(PagesNotBuiltError)
    expect(read).toThrow('npm run build -w packages/dashboard')
    expect(read).toThrow(expect.objectContaining({ code: 'pages_not_built' }))
  })

  it('takes the first directory that holds a build, and of its files those of known types', () => {
    mkdirSync(join(directory, 'assets', 'nested.js'), { recursive: true })
    writeFileSync(join(directory, 'index.html'), '<!doctype html>')
    writeFileSync(join(directory, 'assets', 'a.js'), 'export {}')
    writeFileSync(join(directory, 'assets', 'notes.txt'), 'private')
    const build = readBuild([join(directory, 'missing'), directory])
    expect(build.document).toBe('<!doctype html>')
    expect([...build.assets.keys()]).toEqual(['a.js'])
  })
})
