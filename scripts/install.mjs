import './workspace/require-node.mjs'
import { installDependencies } from './workspace/install.mjs'
import { runScript } from './workspace/run.mjs'

await runScript(installDependencies)
