import './workspace/require-node.mjs'
import { buildPackages } from './workspace/build.mjs'
import { installDependencies } from './workspace/install.mjs'
import { runNode, runScript } from './workspace/run.mjs'

await runScript(async () => {
  await installDependencies()
  await buildPackages()
  return runNode(['examples/full-gateway/dist/main.js', ...process.argv.slice(2)])
})
