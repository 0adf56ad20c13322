import './workspace/require-node.mjs'
import { readdirSync } from 'node:fs'
import { buildPackages } from './workspace/build.mjs'
import { root, runEvery, runScript } from './workspace/run.mjs'

const packages = readdirSync(`${root}/packages`)

await runScript(async () => {
  await buildPackages({ types: true })
  await runEvery({
    ...Object.fromEntries(
      packages.flatMap((name) => [
        [`package.json of ${name}`, `publint --strict packages/${name}`],
        [`types as seen by users of ${name}`, `attw --pack packages/${name} --profile esm-only --quiet`],
      ]),
    ),
    'imports follow the layers': 'depcruise --config .dependency-cruiser.cjs packages examples',
    'tests lie where their sources lie': 'node scripts/checks/tests-mirror-sources.mjs',
    'documents show the files that run': 'node scripts/snippets.mjs --check',
    'options are what documents say': 'node scripts/options.mjs --check',
    'nothing unused': 'knip',
    '@portcullis/core loads jose alone': 'node scripts/checks/imports-of-root.mjs',
    'require() from CommonJS': 'node scripts/checks/require-from-commonjs.mjs',
  })
})
