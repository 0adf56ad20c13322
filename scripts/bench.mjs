import './workspace/require-node.mjs'
import { readSettings } from './bench/settings.mjs'
import { buildPackages } from './workspace/build.mjs'
import { installDependencies } from './workspace/install.mjs'
import { runScript } from './workspace/run.mjs'

await runScript(async () => {
  const settings = readSettings(process.argv.slice(2))
  if (settings === undefined) return 2
  await installDependencies()
  await buildPackages()
  // Its imports are there only now.
  const { runBenchmark } = await import('./bench/run.mjs')
  return runBenchmark(settings)
})
