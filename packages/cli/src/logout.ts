import { changeCredentials } from './credentials/change.js'
import { askedGate, chooseGate, credentialOf } from './credentials/choose.js'
import { Failure } from './failure.js'
import { revoke } from './gate/revoke.js'
import type { Arguments } from './parse-arguments.js'
import type { World } from './world.js'

/**
 * Revokes a login at its gate and forgets it here. It is forgotten also when the gate could not be told; then throws
 * `Failure`, as the login still stands there.
 */
export async function logout(world: World, options: Arguments): Promise<void> {
  const asked = askedGate(world, options.gate)
  const { gate, problem } = await changeCredentials(world, async (current, keep) => {
    const gate = chooseGate(current, asked)
    const problem = await problemOf(revoke(gate, credentialOf(current, gate)))
    const { [gate]: _forgotten, ...gates } = current.gates
    const isDefault = current.default === undefined || current.default === gate
    await keep({ ...(isDefault ? {} : { default: current.default }), gates })
    return { gate, problem }
  })
  if (options.json) world.print(`${JSON.stringify({ gate, revoked: problem === undefined })}\n`)
  if (problem)
    throw new Failure(`the login is forgotten here, but not revoked at the gate: ${problem.message}`)
  if (!options.json) world.print(`Logged out of ${gate}\n`)
}

async function problemOf(revocation: Promise<void>): Promise<Failure | undefined> {
  try {
    await revocation
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}
