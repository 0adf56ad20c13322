import './workspace/require-node.mjs'
import { buildPackages } from './workspace/build.mjs'
import { runQuietly, runScript, say } from './workspace/run.mjs'

await runScript(async () => {
  // Types that one package takes from another are read from its built declarations.
  await buildPackages()
  await runQuietly('typedoc', 'typedoc')
  say('the API reference is in docs/api')
})
