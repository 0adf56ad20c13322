import { Server as NetServer } from 'node:net'
import { PortcullisError } from '../../errors/portcullis-error.js'
import type { Gate } from '../../gate/gate.js'
import { havingMethods, hook } from '../../input/kinds.js'

const requireMethods = havingMethods('owns', 'authenticate', 'handle', 'refuse')

/**
 * Throws `configuration_invalid` that names what cannot be guarded: a `server` that is none, such as the application of a
 * framework, which takes listeners and never calls them, or a `gate` that is none. `problems` are those known already.
 */
export function checkServer(server: unknown, gate: Gate, problems: string[] = []): void {
  if (!(server instanceof NetServer))
    problems.push('server: give the http.Server that listens, not the application of a framework')
  requireMethods('gate', gate, problems)
  refuse('A server cannot be guarded', problems)
}

const requireForward = havingMethods('forward')

/** Throws `configuration_invalid` for a forwarder that is none, while it is mounted rather than at the first request. */
export function checkForwarder(forwarder: unknown): void {
  const problems: string[] = []
  requireForward('forwarder', forwarder, problems)
  refuse('Nothing can be forwarded', problems)
}

/** Throws `configuration_invalid` for a listener that is no function. */
export function checkListener(listener: unknown): void {
  const problems: string[] = []
  hook('listener', listener, problems)
  refuse('A server cannot answer', problems)
}

function refuse(what: string, problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new PortcullisError('configuration_invalid', `${what}: ${problems.join('; ')}`, { problems })
}
