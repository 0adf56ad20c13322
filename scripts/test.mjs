import './workspace/require-node.mjs'
import { buildPackages } from './workspace/build.mjs'
import { installDependencies } from './workspace/install.mjs'
import { findPrograms } from './workspace/programs.mjs'
import { runNode, runScript } from './workspace/run.mjs'

await runScript(async () => {
  await installDependencies()
  const programs = await findPrograms()
  if (programs === undefined) return 1
  await buildPackages()
  return runNode(['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], programs)
})
