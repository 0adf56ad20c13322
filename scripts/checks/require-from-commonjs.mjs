// Proves that CommonJS programs can `require()` every public entry of the built packages on this Node, and that
// an export offered by two entries is one value: an error thrown behind one is an instance of the other's class.
import { createRequire } from 'node:module'
import path from 'node:path'
import { isPublished, listPackages, publicEntries } from '../workspace/packages.mjs'
import { root } from '../workspace/paths.mjs'

const require = createRequire(path.join(root, 'examples', 'full-gateway', 'package.json'))
/** @type {string[]} */
const problems = []
let count = 0

for (const each of listPackages().filter(isPublished)) {
  /** @type {Map<string, unknown>} */
  const known = new Map()
  for (const entry of publicEntries(each)) {
    count += 1
    for (const [name, value] of Object.entries(load(entry))) {
      if (known.has(name) && known.get(name) !== value)
        problems.push(`${entry}: another ${name} than its sibling's`)
      known.set(name, value)
    }
  }
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log(`${count} entries answer to require()`)

/**
 * @param {string} entry
 * @returns {Record<string, unknown>}
 */
function load(entry) {
  try {
    return require(entry)
  } catch (error) {
    problems.push(`require('${entry}'): ${error}`)
    return {}
  }
}
