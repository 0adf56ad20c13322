// Proves that CommonJS programs can `require()` every public entry of the built packages on this Node, and that
// an export offered by two entries is one value: an error thrown behind one is an instance of the other's class.
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { root } from '../workspace/run.mjs'

const require = createRequire(path.join(root, 'examples/full-gateway/package.json'))
/** @type {string[]} */
const problems = []
let count = 0

for (const folder of readdirSync(path.join(root, 'packages'))) {
  const { name, exports } = require(path.join(root, 'packages', folder, 'package.json'))
  /** @type {Map<string, unknown>} */
  const known = new Map()
  for (const subpath of Object.keys(exports).filter((each) => !each.endsWith('.json'))) {
    const entry = path.posix.join(name, subpath)
    count += 1
    for (const [exported, value] of Object.entries(load(entry))) {
      if (known.has(exported) && known.get(exported) !== value)
        problems.push(`${entry}: another ${exported} than its sibling's`)
      known.set(exported, value)
    }
  }
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log(`${count} entries answer to require()`)

/** @param {string} entry */
function load(entry) {
  try {
    return require(entry)
  } catch (error) {
    problems.push(`require('${entry}'): ${error}`)
    return {}
  }
}
