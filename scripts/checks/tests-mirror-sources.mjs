// Proves that a reader finds the test of a file, and the file of a test: in packages/core a test lies in the folder of
// what it tests and has the name of the one file that it tests, or a name that is a promise, of three words or more.
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { root } from '../workspace/run.mjs'

/** What every folder of core does together while Redis fails. */
const ACROSS_FOLDERS = 'faults'

const core = path.join(root, 'packages/core')
const tests = readdirSync(path.join(core, 'test'), { recursive: true, encoding: 'utf8' })
const problems = tests
  .filter((test) => test.endsWith('.test.ts') && !test.startsWith(ACROSS_FOLDERS))
  .flatMap((test) => {
    const tested = path.join('src', test.replace(/\.test\.ts$/, ''))
    const folder = path.dirname(tested)
    if (!existsSync(path.join(core, folder))) return [`test/${test}: there is no ${folder}`]
    const isPromise = path.basename(tested).split('-').length > 2
    return isPromise || existsSync(path.join(core, `${tested}.ts`))
      ? []
      : [`test/${test}: there is no ${tested}.ts; name the file that it tests, or its promise in words`]
  })

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
