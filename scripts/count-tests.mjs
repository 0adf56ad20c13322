// Prints `N passed, N failed, N skipped` from the report of vitest's JSON reporter, named as the one argument.
// A file that could not be loaded counts as one failed test; so does a report that is not there.
import { readFileSync } from 'node:fs'

/**
 * @typedef {object} Report
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ status: string, assertionResults: unknown[] }[]} testResults
 */

const report = readReport(process.argv[2] ?? '')
if (report === undefined) {
  console.log('0 passed, 1 failed, 0 skipped')
} else {
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  )
  const failed = report.numFailedTests + unloaded.length
  const skipped = report.numPendingTests + report.numTodoTests
  console.log(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`)
}

/**
 * @param {string} file
 * @returns {Report | undefined}
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
