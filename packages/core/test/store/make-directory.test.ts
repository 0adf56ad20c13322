import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { lmdbStore } from '../../src/lmdb/index.js'
import { makeDirectory } from '../../src/store/make-directory.js'

function temporary(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'portcullis-make-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

it('a directory is made with its parents, for its owner alone, and may be there already', () => {
  const wanted = path.join(temporary(), 'a', 'b', 'c')
  makeDirectory(wanted)
  makeDirectory(wanted)
  expect(statSync(wanted).mode & 0o777).toBe(0o700)
  expect(statSync(path.dirname(wanted)).mode & 0o777).toBe(0o700)
})

it('a place where nothing can be made is an error and not a loop without end', () => {
  const file = path.join(temporary(), 'file')
  writeFileSync(file, '')
  for (const impossible of ['/proc/portcullis', '/proc/portcullis/below', file, path.join(file, 'below')])
    expect(() => makeDirectory(impossible)).toThrow()
  expect(() => lmdbStore({ path: '/proc/portcullis' })).toThrow(
    expect.objectContaining({ code: 'configuration_invalid' }),
  )
})
