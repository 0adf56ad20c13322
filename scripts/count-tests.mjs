// Prints `N passed, N failed, N skipped` from the report of vitest's JSON reporter, named as the one argument.
// A file that could not be loaded counts as one failed test; so does a report that is not there.
import { readFileSync } from 'node:fs'

/** @type {{ status: string, assertionResults: { status: string }[] }[]} */
const files = readReport()
const tests = files.flatMap(({ status, assertionResults }) =>
  status === 'failed' && assertionResults.length === 0 ? [{ status }] : assertionResults,
)
const passed = tests.filter(({ status }) => status === 'passed').length
const failed = tests.filter(({ status }) => status === 'failed').length
console.log(`${passed} passed, ${failed} failed, ${tests.length - passed - failed} skipped`)

function readReport() {
  try {
    return JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')).testResults
  } catch {
    return [{ status: 'failed', assertionResults: [] }]
  }
}
