import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { root } from '../workspace/run.mjs'

/**
 * One line of the table.
 *
 * @typedef {object} Row
 * @property {string} what
 * @property {string} against what it was measured beside; `–` when it stands alone
 * @property {number} value
 * @property {string} unit
 * @property {number} [atLeast] the target, where one is set
 * @property {number} [atMost]
 * @property {string} [detail] what else was seen, in a few words
 * @property {string} [command] what made the load
 * @property {object} [figures] the same and more, for programs
 *
 * @typedef {object} Report
 * @property {import('./environment.mjs').Environment} environment
 * @property {import('./settings.mjs').Settings} settings
 * @property {Row[]} rows
 */

const folder = path.join(root, 'docs', 'benchmarks')

/** @param {Report} report */
export async function writeReport(report) {
  await mkdir(folder, { recursive: true })
  const { environment, settings, rows } = report
  const judged = rows.map((row) => ({ ...row, ...(isJudged(row) ? { met: isMet(row) } : {}) }))
  const json = { measured: headingOf(report), environment, settings, rows: judged }
  await writeFile(path.join(folder, 'latest.json'), jsonOf(json))
  await writeFile(path.join(folder, 'latest.md'), `# Benchmarks\n\n${tableOf(report)}\n`)
}

/**
 * Six digits are more than anything here is good for; a list of figures stays on its line, as the formatter has it.
 *
 * @param {object} content
 */
function jsonOf(content) {
  /**
   * @param {string} _name
   * @param {unknown} value
   */
  const rounded = (_name, value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value
  const text = JSON.stringify(content, rounded, 2)
  return `${text.replace(/\[\s+([^[\]{}]*?)\s+\]/g, (_, items) => `[${items.replace(/,\s+/g, ', ')}]`)}\n`
}

/** @param {Report} report */
export function tableOf(report) {
  const lines = report.rows.map((row) =>
    lineOf([
      row.what,
      row.against,
      `${format(row.value)} ${row.unit}`,
      targetOf(row),
      row.detail ?? '',
      commandOf(row),
    ]),
  )
  const head = [
    lineOf(['what', 'against', 'measured', 'target', 'beside it', 'load']),
    '|---|---|---|---|---|---|',
  ]
  return [headingOf(report), '', ...head, ...lines].join('\n')
}

/** @param {Report} report */
function headingOf({ environment, settings }) {
  const { date, node, redis, platform, processor, cores, memoryGiB } = environment
  return [
    `Measured by \`npm run bench\` on ${date}: Node ${node}, Redis ${redis} on loopback, ${platform}, ${processor}, ${cores} cores, ${memoryGiB} GiB.`,
    'Client, servers and Redis share the machine.',
    `What is compared ran in turn, each round beginning with another; ratios are medians of ${settings.rounds} rounds.`,
    ...(settings.parts.includes('scale')
      ? [`Lists and revocations ran on ${settings.scale.toLocaleString('en')} tokens.`]
      : []),
  ].join(' ')
}

/** @param {Row} row */
function commandOf({ command }) {
  return command === undefined ? '–' : `\`${command}\``
}

/** @param {Row} row */
function targetOf(row) {
  if (!isJudged(row)) return '–'
  const bound = row.atLeast === undefined ? `at most ${row.atMost}` : `at least ${row.atLeast}`
  return `${bound}: ${isMet(row) ? 'met' : '**missed**'}`
}

/** @param {Row} row */
function isJudged({ atLeast, atMost }) {
  return atLeast !== undefined || atMost !== undefined
}

/** @param {Row} row */
function isMet({ value, atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }) {
  return value >= atLeast && value <= atMost
}

/** @param {readonly string[]} cells */
function lineOf(cells) {
  return `| ${cells.join(' | ')} |`
}

/**
 * Three digits that count, more only before the point.
 *
 * @param {number} value
 */
export function format(value) {
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en')
    : String(Number(value.toPrecision(value < 0.01 ? 1 : 3)))
}
