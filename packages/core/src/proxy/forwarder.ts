import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Identity } from '../authentication/identity.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { havingMethods } from '../input/kinds.js'
import { Admissions } from './admission/admissions.js'
import { HeldBytes } from './admission/held-body.js'
import { RequestForwarding } from './forward-request.js'
import { UpgradeForwarding } from './forward-upgrade.js'
import type { ForwardingGate } from './forwarder-parts.js'
import { type ForwardOptions, resolveForwardOptions } from './options.js'
import { createRecheck } from './recheck.js'

export type { ForwardingGate } from './forwarder-parts.js'

export interface Forwarder {
  /**
   * Forwards a request of someone who was let in, and the response back; bodies byte for byte, as they come. Resolves
   * when the exchange is over: the client has its answer, or is gone and the upstream request aborted. Never rejects.
   *
   * The upstream sees the path that the gate checked (`originalUrl` of frameworks that rewrite `url`), none of the
   * caller's credentials, cookies or claims about who and where it is, and the identity and upstream headers instead.
   * Redirects are returned, not followed. `set-cookie` and what else would speak for the gate's origin is dropped.
   *
   * Answers by itself, with a problem: 400 `target_invalid`, `framing_ambiguous`; 403 `access_withdrawn`; 404
   * `not_found`; 405 `method_refused`; 500 `body_already_read`; 501 `upgrade_refused`, `transfer_coding_refused`; 502
   * `upstream_unavailable`, and `upstream_refused` in place of a 401 or 407, which is about the gate's credential and
   * may quote it; 504 `upstream_timeout`; for admissions 400 `body_ambiguous`, 408 `body_too_slow`, 503
   * `admission_unavailable`, and whatever they refuse with. A response that has begun and cannot be completed is broken off instead.
   */
  forward(req: IncomingMessage, res: ServerResponse, who: Identity): Promise<void>
  /**
   * Forwards a WebSocket handshake of someone who was let in, and then both directions byte for byte (RFC 6455). Headers
   * are treated as by `forward`. Resolves when it is over; never rejects. Whoever may no longer stay is cut off.
   */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, who: Identity): Promise<void>
  /** Breaks off what is running and releases connections and timers. Requests that come later get 502. */
  close(): Promise<void>
}

/**
 * A forwarder for whom `gate` lets in. Running streams of whoever is banned, revoked or logged out are cut, errors are
 * shaped by the gate's `problems`, events go to its `onEvent`. Throws `configuration_invalid` that names every problem
 * at once.
 */
export function createForwarder(gate: ForwardingGate, options: ForwardOptions): Forwarder {
  requireGate(gate)
  const settings = resolveForwardOptions(options, gate)
  const { report } = gate
  const recheck = settings.cutsWithdrawn
    ? createRecheck({ everyMs: settings.recheckEveryMs, stillAllowed: gate.stillAllowed, report })
    : undefined
  const admissions = new Admissions(
    {
      admissions: settings.admissions,
      credentialHeaders: gate.credentialHeaders,
      timeoutMs: settings.admissionTimeoutMs,
      heldBytes: new HeldBytes(settings.heldBodiesAtMostBytes),
      pauseMs: settings.deadlines.idleMs,
      report,
    },
    recheck,
  )
  const requests = new RequestForwarding({ gate, settings, admissions, recheck })
  const upgrades = new UpgradeForwarding({ gate, settings, admissions, recheck })
  return {
    forward: (req, res, who) => requests.forward(req, res, who),
    upgrade: (req, socket, head, who) => upgrades.forward(req, socket, head, who),
    async close() {
      recheck?.close()
      admissions.close()
      await Promise.all([requests.close(), upgrades.close()])
    },
  }
}

function requireGate(gate: ForwardingGate): void {
  const problems: string[] = []
  havingMethods('stillAllowed', 'report')('gate', gate, problems)
  if (problems.length === 0)
    for (const list of ['admissions', 'credentialHeaders'] as const)
      if (!Array.isArray(gate[list])) problems.push(`gate.${list}: give a list`)
  if (problems.length > 0)
    throw new PortcullisError('configuration_invalid', `Cannot forward: ${problems.join('; ')}`, { problems })
}
