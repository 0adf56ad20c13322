import './workspace/require-node.mjs'
import { buildPackages } from './workspace/build.mjs'
import { installDependencies } from './workspace/install.mjs'
import { runScript } from './workspace/run.mjs'

await runScript(async () => {
  await installDependencies()
  await buildPackages({ force: process.argv.includes('--force'), types: true })
})
