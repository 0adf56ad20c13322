import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Identity } from '../authentication/identity.js'
import { denial } from '../errors/denial.js'
import { FORWARDING_PROBLEMS, MALFUNCTIONS } from '../errors/malfunctions.js'
import { type Problem, problemOfDenial, problemOfError } from '../errors/problem.js'
import { Connection } from '../request/connection.js'
import { targetOf } from '../request/head.js'
import type { Clock, Millis } from '../store/store.js'
import type { Granted } from './admission/ask-admissions.js'
import { refuseOnSocket } from './answer.js'
import { type Checked, checkUpgrade } from './check-request.js'
import { CLOSED, type Forwarding } from './forwarder-parts.js'
import { editHeaders } from './header-fields.js'
import { describeIdentity } from './identity-headers.js'
import { upstreamPath } from './transport.js'
import { EarlyBytes, Tunnel, type TunnelFailure } from './tunnel.js'
import type { Upstream } from './upstream.js'
import { upstreamHeaders } from './upstream-headers.js'

/** Forwards WebSockets. */
export class UpgradeForwarding {
  readonly #forwarding: Forwarding
  readonly #running = new Set<Tunnel>()
  #isClosed = false

  constructor(forwarding: Forwarding) {
    this.#forwarding = forwarding
  }

  async forward(req: IncomingMessage, socket: Duplex, head: Buffer, who: Identity): Promise<void> {
    if (socket.destroyed) return
    // Answers of requests before it would be read as part of the WebSocket.
    if (Connection.of(req.socket).isBusy) {
      socket.destroy()
      return
    }
    const { gate, settings, admissions } = this.#forwarding
    const refuse = (problem: Problem) =>
      refuseOnSocket(socket, problem, targetOf(req, gate.publicUrl), gate.problems)
    let granted: Granted | undefined
    try {
      const checked = this.#isClosed ? CLOSED : checkUpgrade(req, gate.publicUrl)
      if ('code' in checked) return refuse(checked)
      const early = new EarlyBytes(socket, head)
      if (!admissions.isEmpty) {
        const onEnd = (leave: () => void) => early.onEnd(leave)
        const verdict = await admissions.ask({ req, who, isWebSocket: true, onEnd, ...checked })
        if (verdict === 'client_gone') return void socket.destroy()
        if ('code' in verdict) {
          early.take()
          return refuse(verdict)
        }
        granted = verdict
        if (this.#isClosed || socket.destroyed) return void socket.destroy()
      }
      const upstream = granted?.upstream ?? settings.upstreamFor(checked.target.path)
      if (!upstream) {
        early.take()
        return refuse(problemOfDenial(denial('not_found')))
      }
      await this.#run(this.#dig(req, socket, early, who, checked, upstream, granted), who)
    } catch (cause) {
      gate.report({
        level: 'error',
        code: 'forward_failed',
        detail: 'An upgrade could not be forwarded',
        cause,
      })
      refuse(problemOfError(cause))
    } finally {
      granted?.abandon()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const tunnel of this.#running) tunnel.cut()
    await Promise.all([...this.#running].map(({ over }) => over))
  }

  #dig(
    req: IncomingMessage,
    socket: Duplex,
    early: EarlyBytes,
    who: Identity,
    { target }: Checked,
    upstream: Upstream,
    granted: Granted | undefined,
  ): Tunnel {
    const { gate, settings } = this.#forwarding
    const identity = describeIdentity(who, settings.identityHeaders)
    const headers = upstreamHeaders(req.rawHeaders, settings.removedFromRequest, identity, upstream)
    for (const edits of granted?.requestHeaders ?? []) editHeaders(headers, edits)
    return new Tunnel({
      early,
      socket,
      headers,
      path: upstreamPath(upstream, target),
      upstream,
      responses: settings.responses,
      responseMs: settings.deadlines.responseMs,
      idleMs: settings.deadlines.idleMs,
      refuse: (code) => refuseOnSocket(socket, problemOf(code), target.path, gate.problems),
      observers: granted?.observers,
    })
  }

  async #run(tunnel: Tunnel, who: Identity): Promise<void> {
    const { recheck, gate } = this.#forwarding
    this.#running.add(tunnel)
    const unwatch = recheck?.watch(who, () => tunnel.cut())
    const { expiresAt } = who.credential
    const stopWaiting = atTime(expiresAt, gate.clock, () => tunnel.close('credential expired'))
    await tunnel.over
    stopWaiting()
    unwatch?.()
    this.#running.delete(tunnel)
  }
}

function problemOf(code: TunnelFailure): Problem {
  return code === 'upstream_refused' ? FORWARDING_PROBLEMS.upstream_refused : { code, ...MALFUNCTIONS[code] }
}

// Timers count in 32 bits.
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Calls `tell` at an instant of the gate's clock. The answer takes that back. */
function atTime(instant: Millis, clock: Clock, tell: () => void): () => void {
  let timer: NodeJS.Timeout
  const wait = () => {
    const left = instant - clock()
    timer = left > LONGEST_TIMER_MS ? setTimeout(wait, LONGEST_TIMER_MS) : setTimeout(tell, Math.max(0, left))
  }
  wait()
  return () => clearTimeout(timer)
}
