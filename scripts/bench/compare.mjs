import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { root } from '../workspace/run.mjs'

/** @typedef {import('./report.mjs').Row} Row */

/** A ratio of two figures of one run moves by as much from one run to the next. */
const NOTICED_FROM = 0.1

/**
 * The rows as they were published last; none before the first time.
 *
 * @returns {Promise<{ measured: string, rows: readonly Row[] }>}
 */
export async function readPublished() {
  const file = path.join(root, 'docs', 'benchmarks', 'latest.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return text === undefined ? { measured: '', rows: [] } : JSON.parse(text)
}

/**
 * What got slower or larger by a tenth or more since it was published, each in one line.
 *
 * @param {readonly Row[]} rows
 * @param {readonly Row[]} published
 * @returns {string[]}
 */
export function whatGotSlower(rows, published) {
  return rows.flatMap((row) => {
    const before = published.find(({ what, against }) => what === row.what && against === row.against)
    if (before === undefined || before.unit !== row.unit || before.value === 0) return []
    const change = (row.value - before.value) / Math.abs(before.value)
    const loss = isMoreBetter(row) ? -change : change
    if (!(loss >= NOTICED_FROM)) return []
    const percent = Math.round(loss * 100)
    return [`${row.what}: ${before.value} then, ${row.value} now (${row.unit}), worse by ${percent} %`]
  })
}

/** @param {Row} row */
function isMoreBetter({ atLeast, atMost, unit }) {
  if (atLeast !== undefined || atMost !== undefined) return atLeast !== undefined
  return unit.includes('a second') || unit.includes('as fast')
}
