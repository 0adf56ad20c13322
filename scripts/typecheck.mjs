import './workspace/require-node.mjs'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { listPackages } from './workspace/packages.mjs'
import { cache, root } from './workspace/paths.mjs'
import { runEvery, runScript } from './workspace/run.mjs'

const projects = [root, ...listPackages().flatMap(({ folder }) => [folder, ...foldersIn(folder)])].filter(
  (folder) => existsSync(path.join(folder, 'tsconfig.json')),
)

mkdirSync(cache, { recursive: true })
const steps = projects.map((folder) => {
  const name = path.relative(root, folder) || 'scripts and configuration'
  const memory = path.join(cache, `${name.replaceAll(/\W/g, '-')}.tsbuildinfo`)
  return {
    name: `types of ${name}`,
    command: `tsc --project "${folder}" --incremental --tsBuildInfoFile "${memory}"`,
  }
})

await runScript(() => runEvery(steps))

/** @param {string} folder */
function foldersIn(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== 'dist')
    .map((entry) => path.join(folder, entry.name))
}
