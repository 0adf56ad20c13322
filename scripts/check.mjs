import './workspace/require-node.mjs'
import path from 'node:path'
import { buildPackages } from './workspace/build.mjs'
import { isPublished, listPackages } from './workspace/packages.mjs'
import { root } from './workspace/paths.mjs'
import { runEvery, runScript } from './workspace/run.mjs'

const published = listPackages()
  .filter(isPublished)
  .map(({ name, folder }) => ({ name, place: path.relative(root, folder) }))

const steps = [
  ...published.flatMap(({ name, place }) => [
    { name: `package.json of ${name}`, command: `publint --strict ${place}` },
    { name: `types as seen by users of ${name}`, command: `attw --pack ${place} --profile esm-only --quiet` },
  ]),
  {
    name: 'imports follow the layers',
    command: 'depcruise --config .dependency-cruiser.cjs packages examples',
  },
  { name: 'documents show the files that run', command: 'node scripts/snippets.mjs --check' },
  { name: 'nothing unused', command: 'knip' },
  { name: '@portcullis/core loads jose alone', command: 'node scripts/checks/imports-of-root.mjs' },
  { name: 'require() from CommonJS', command: 'node scripts/checks/require-from-commonjs.mjs' },
]

await runScript(async () => {
  await buildPackages()
  await runEvery(steps)
})
