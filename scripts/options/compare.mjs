/** @typedef {import('./tables.mjs').Option} Option */

/**
 * How documents write a default that is the same for everybody; undefined when there is none to write.
 *
 * @param {unknown} value
 */
export function spell(value) {
  const text = Array.isArray(value) ? value.join(' ') : value
  if (text === '' || text === undefined || typeof text === 'object') return undefined
  return typeof text === 'string' ? `\`${text}\`` : String(text)
}

/**
 * What the doc comment of an option keeps from its readers, or tells them and is not so. `shared` is the comment of the
 * whole table, which may tell a range that all options have.
 *
 * @param {Option} option
 * @param {string} shared
 * @returns {string[]}
 */
export function compareComment({ name, comment, default: value, range, isRequired }, shared) {
  const problems = []
  if (comment === '') problems.push(`${name}: has no doc comment`)
  for (const choice of range?.includes(' or ') ? range.split(' or ') : [])
    if (!comment.includes(`\`${choice}\``)) problems.push(`${name}: tell of \`${choice}\``)
  if (range?.includes(' to ') && ![comment, shared].some((text) => hasWords(text, range)))
    problems.push(`${name}: tell its range, ${range}`)
  const told = /\bdefault:? (`[^`]*`|\w+)/i.exec(comment)?.[1] ?? /(`[^`]*`) \(default\)/.exec(comment)?.[1]
  const right = isRequired ? undefined : spell(value)
  if (right !== undefined && told !== right) problems.push(`${name}: tell its default, ${right}`)
  const isClaimed = /\bdefault (`[^`]*`|\d+)|\(default\)/i.test(comment)
  if (right === undefined && isClaimed) problems.push(`${name}: its table has no default ${told}`)
  return problems
}

/**
 * Which defaults a document tells otherwise than the options are: in tables with a column `default`, of lines with the name
 * of an option.
 *
 * @param {string} text
 * @param {readonly Option[]} options
 * @returns {string[]}
 */
export function compareTables(text, options) {
  /** @type {string[]} */
  const problems = []
  let column = -1
  for (const line of text.split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim())
    if (cells.length === 1) column = -1
    else if (cells.includes('default')) column = cells.indexOf('default')
    else if (column > 0) {
      const same = options.filter(({ name }) => cells.some((cell) => cell.startsWith(`\`${name}\``)))
      const right = same.map((option) => spell(option.default)).filter((value) => value !== undefined)
      if (right.length > 0 && !right.includes(cells[column] ?? ''))
        problems.push(`${same[0]?.name}: the default is ${right.join(' or ')}, not ${cells[column]}`)
    }
  }
  return problems
}

/**
 * @param {string} text
 * @param {string} words
 */
function hasWords(text, words) {
  return new RegExp(`\\b${words}\\b`).test(text)
}
