import type { Server } from 'node:http'
import type { Gate } from '../../gate/gate.js'
import { checkMembers } from '../../input/check.js'
import { hook } from '../../input/kinds.js'
import { checkServer } from './check-server.js'
import { guardExpectations } from './expectations.js'
import { guardUpgrades, type UpgradeHandler } from './upgrades.js'

export interface ServerGuards {
  /** Takes the WebSockets of whoever was let in, as `guardUpgrades` hands them over. Default: none is upgraded. */
  readonly upgrade?: UpgradeHandler
}

/**
 * Guards what reaches a server past its framework: bodies announced with `Expect: 100-continue`, by `guardExpectations`, and
 * WebSockets, by `guardUpgrades`. For servers on which nothing is open without the gate. Answers how to stop. Throws
 * `configuration_invalid` that names every problem.
 */
export function guardServer(server: Server, gate: Gate, guards: ServerGuards = {}): () => void {
  const problems: string[] = []
  const { upgrade } = checkMembers(guards, { upgrade: hook }, problems, { name: 'guards' })
  checkServer(server, gate, problems)
  const stopExpectations = guardExpectations(server, gate)
  const stopUpgrades = upgrade && guardUpgrades(server, gate, upgrade)
  return () => {
    stopExpectations()
    stopUpgrades?.()
  }
}
