import { bodyCases } from './adapter-body-cases.js'
import { decisionCases } from './adapter-decision-cases.js'
import { exchangeCases } from './adapter-exchange-cases.js'
import { expectationCases } from './adapter-expectation-cases.js'
import { guardCases } from './adapter-guard-cases.js'
import { hostileCases } from './adapter-hostile-cases.js'
import { neighbourCases } from './adapter-neighbour-cases.js'
import { type AdapterCase, onStage, type Promised, type StartServer } from './adapter-stage.js'
import { upgradeCases } from './adapter-upgrade-cases.js'

/**
 * What every adapter promises, as cases for any test runner, on `node:assert`. `startServer` builds a server of the
 * adapter's framework from the parts and listens on loopback. The cases mount `guardServer` with the forwarder's `upgrade`
 * on that server themselves: neither WebSockets nor `Expect: 100-continue` pass through a framework.
 */
export function adapterCases(startServer: StartServer): AdapterCase[] {
  const promised: Promised = (name, prove, setting = {}) => ({
    name,
    run: () => onStage(startServer, setting, prove),
  })
  return [
    ...decisionCases(promised, startServer),
    ...exchangeCases(promised),
    ...bodyCases(promised),
    ...neighbourCases(promised),
    ...guardCases(promised),
    ...upgradeCases(promised),
    ...expectationCases(promised),
    ...hostileCases(promised),
  ]
}
