import { Server as NetServer } from 'node:net'
import { PortcullisError } from '../../errors/portcullis-error.js'
import type { Gate } from '../../gate/gate.js'
import { havingMethods } from '../../input/kinds.js'

const requireMethods = havingMethods('owns', 'authenticate', 'handle', 'refuse')

/**
 * Throws `configuration_invalid` that names what cannot be guarded: a `server` that is none, such as the application of a
 * framework, which takes listeners and never calls them, or a `gate` that is none. `problems` are those known already.
 */
export function checkServer(server: unknown, gate: Gate, problems: string[] = []): void {
  if (!(server instanceof NetServer))
    problems.push('server: give the http.Server that listens, not the application of a framework')
  requireMethods('gate', gate, problems)
  if (problems.length === 0) return
  throw new PortcullisError('configuration_invalid', `A server cannot be guarded: ${problems.join('; ')}`, {
    problems,
  })
}
