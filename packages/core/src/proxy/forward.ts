import { type Agent, IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { setImmediate as nextRound } from 'node:timers/promises'
import { createProxyServer } from 'http-proxy'
import type { Identity } from '../authentication/identity.js'
import { denial } from '../errors/denials.js'
import { FORWARDING_PROBLEMS, MALFUNCTIONS } from '../errors/malfunctions.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { type Problem, problemOfDenial, problemOfError } from '../errors/problem.js'
import type { Gate } from '../gate/gate.js'
import { havingMethods } from '../input/kinds.js'
import { Connection } from '../request/connection.js'
import { type Framing, refuseMessage } from '../request/message.js'
import { originForm, parseTarget, type Target } from '../request/target.js'
import type { Clock, Millis } from '../store/store.js'
import { admit } from './admit.js'
import { answer } from './answer.js'
import { Exchange } from './exchange.js'
import { describeIdentity } from './identity-headers.js'
import { type ForwardOptions, resolveForwardOptions } from './options.js'
import { createRecheck } from './recheck.js'
import { upstreamHeaders } from './request-headers.js'
import { isWebSocketRequest, refuseOnSocket, Tunnel, type TunnelFailure } from './tunnel.js'
import { createConnectionPool, type Upstream } from './upstream.js'

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
   * may quote it; 504 `upstream_timeout`. A response that has begun and cannot be completed is broken off instead.
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

/** What is known about a request that may go on to its upstream. */
interface Admitted {
  readonly target: Target
  readonly framing: Framing
  readonly upstream: Upstream
}

/** What forwarding takes from the gate that lets people in: who may stay, how errors look, and where events go. */
export type ForwardingGate = Pick<Gate, 'stillAllowed' | 'problems' | 'report' | 'publicUrl' | 'clock'>

/**
 * A forwarder for whom `gate` lets in. Running streams of whoever is banned, revoked or logged out are cut, errors are
 * shaped by the gate's `problems`, events go to its `onEvent`. Throws `configuration_invalid` that names every problem
 * at once.
 */
export function createForwarder(gate: ForwardingGate, options: ForwardOptions): Forwarder {
  requireGate(gate)
  const settings = resolveForwardOptions(options)
  const { report, problems: renderers } = gate
  const pool = createConnectionPool()
  const recheck = settings.cutsWithdrawn
    ? createRecheck({ everyMs: settings.recheckEveryMs, stillAllowed: gate.stillAllowed, report })
    : undefined
  const running = new Set<Exchange>()
  const tunnels = new Set<Tunnel>()
  const byHead = new WeakMap<IncomingMessage, Exchange>()
  let isClosed = false

  const proxy = createProxyServer({ selfHandleResponse: true, toProxy: true })
  proxy.on('proxyReq', (request, head) => byHead.get(head)?.sent(request))
  proxy.on('proxyRes', (response, head) => byHead.get(head)?.received(response))
  proxy.on('econnreset', (cause, head) => byHead.get(head)?.failed(cause))

  /** The target as it came over the wire; frameworks keep it when they cut a mount path off `url`. */
  function targetOf(req: IncomingMessage & { readonly originalUrl?: unknown }): string {
    const received = typeof req.originalUrl === 'string' ? req.originalUrl : (req.url ?? '')
    return originForm(received, gate.publicUrl)
  }

  function consider(req: IncomingMessage, target: Target | undefined): Admitted | Problem {
    if (isClosed) return { code: 'upstream_unavailable', ...MALFUNCTIONS.upstream_unavailable }
    if (!target) return problemOfDenial(denial('target_invalid'))
    const admission = admit(req)
    if ('problem' in admission) return admission.problem
    const upstream = settings.upstreamFor(target.path)
    if (!upstream) return problemOfDenial(denial('not_found'))
    return { target, framing: admission.framing, upstream }
  }

  function start(
    req: IncomingMessage,
    res: ServerResponse,
    who: Identity,
    { target, framing, upstream }: Admitted,
  ): Exchange {
    const identity = describeIdentity(who, settings.identityHeaders)
    const headers = upstreamHeaders(req.rawHeaders, framing, settings.removedFromRequest, identity, upstream)
    const method = req.method ?? 'GET'
    const mayRepeat = framing === 'none' && REPEATABLE.has(method)
    const exchange: Exchange = new Exchange({
      req,
      res,
      connection: Connection.of(req.socket),
      path: target.path,
      upstream,
      deadlines: settings.deadlines,
      responses: settings.responses,
      renderers,
      report,
      sendAgain: mayRepeat ? () => send() : undefined,
    })
    const send = (agent?: Agent) => {
      const head = headTo(upstream, target, req)
      byHead.set(head, exchange)
      // Without an agent the connection is a new one.
      const options = { target: upstream.target, headers, method, buffer: req, ...(agent && { agent }) }
      try {
        proxy.web(head, res, options, (cause) => exchange.failed(cause))
      } catch (cause) {
        exchange.failed(cause)
      }
    }
    send(pool.agentFor(upstream))
    return exchange
  }

  async function run(exchange: Exchange, who: Identity): Promise<void> {
    running.add(exchange)
    const unwatch = recheck?.watch(who, () => exchange.cut())
    await exchange.over
    unwatch?.()
    running.delete(exchange)
  }

  async function forwardAlone(req: IncomingMessage, res: ServerResponse, who: Identity): Promise<void> {
    const { renewal } = who.credential
    if (renewal !== undefined) res.setHeader('x-portcullis-renew', renewal)
    const received = targetOf(req)
    const target = parseTarget(received)
    const path = target?.path ?? received
    try {
      const considered = consider(req, target)
      if ('code' in considered) await refuse(req, res, considered, path)
      else await run(start(req, res, who, considered), who)
    } catch (cause) {
      report({ level: 'error', code: 'forward_failed', detail: 'A request could not be forwarded', cause })
      await refuse(req, res, problemOfError(cause), path)
    }
  }

  function refuse(req: IncomingMessage, res: ServerResponse, problem: Problem, path: string): Promise<void> {
    const connection = Connection.of(req.socket)
    if (problem.endsConnection) connection.end()
    return new Promise((resolve) => {
      if (res.closed || connection.isGone) return resolve()
      const forget = connection.onGone(resolve)
      res.once('close', () => {
        forget()
        resolve()
      })
      answer(res, problem, path, renderers)
    })
  }

  /** Whether a request may be forwarded now. One that came behind another on its connection may have to wait. */
  async function isItsTurn(connection: Connection, res: ServerResponse): Promise<boolean> {
    const entrance = await connection.enter()
    if (entrance === 'refused') {
      report({
        level: 'warn',
        code: 'pipeline_too_long',
        detail: 'A connection with too many requests ended',
      })
      connection.destroy()
    }
    if (entrance !== 'entered') return false
    // The answer before it may be one that ends the connection, and still be on its way (RFC 9112 §9.6).
    if (res.socket === null) await nextRound()
    if (!res.destroyed && !connection.isEnding) return true
    connection.leave()
    return false
  }

  function dig(req: IncomingMessage, socket: Duplex, head: Buffer, who: Identity): Tunnel | Problem {
    if (isClosed) return { code: 'upstream_unavailable', ...MALFUNCTIONS.upstream_unavailable }
    const refusal = refuseMessage(req)
    if (refusal) return problemOfDenial(refusal)
    const target = parseTarget(targetOf(req))
    if (!target) return problemOfDenial(denial('target_invalid'))
    if (!isWebSocketRequest(req)) return FORWARDING_PROBLEMS.upgrade_refused
    const upstream = settings.upstreamFor(target.path)
    if (!upstream) return problemOfDenial(denial('not_found'))
    const identity = describeIdentity(who, settings.identityHeaders)
    const { path, query } = target
    return new Tunnel({
      head,
      socket,
      headers: upstreamHeaders(req.rawHeaders, 'none', settings.removedFromRequest, identity, upstream),
      path: `${upstream.basePath}${path}${query === '' ? '' : `?${query}`}`,
      upstream,
      responses: settings.responses,
      responseMs: settings.deadlines.responseMs,
      idleMs: settings.deadlines.idleMs,
      refuse: (code) => refuseOnSocket(socket, problemOf(code), path, renderers),
    })
  }

  return {
    async upgrade(req, socket, head, who) {
      if (socket.destroyed) return
      // Answers of requests before it would be read as part of the WebSocket.
      if (Connection.of(req.socket).isBusy) {
        socket.destroy()
        return
      }
      const dug = dig(req, socket, head, who)
      if (!(dug instanceof Tunnel)) {
        refuseOnSocket(socket, dug, targetOf(req), renderers)
        return
      }
      tunnels.add(dug)
      const unwatch = recheck?.watch(who, () => dug.cut())
      const stopWaiting = atTime(who.credential.expiresAt, gate.clock, () => dug.close('credential expired'))
      await dug.over
      stopWaiting()
      unwatch?.()
      tunnels.delete(dug)
    },
    async forward(req, res, who) {
      const connection = Connection.of(req.socket)
      if (!(await isItsTurn(connection, res))) return
      try {
        await forwardAlone(req, res, who)
      } finally {
        connection.leave()
      }
    },
    async close() {
      isClosed = true
      recheck?.close()
      for (const exchange of running) exchange.breakOff()
      for (const tunnel of tunnels) tunnel.cut()
      const deadline = setTimeout(() => {
        for (const exchange of running) exchange.abandon()
      }, CLOSING_MS)
      await Promise.all([...running, ...tunnels].map(({ over }) => over))
      clearTimeout(deadline)
      pool.close()
    },
  }
}

function problemOf(code: TunnelFailure): Problem {
  return code === 'upstream_refused' ? FORWARDING_PROBLEMS.upstream_refused : { code, ...MALFUNCTIONS[code] }
}

/** Methods by which nothing changes, however often it is sent (RFC 9110 §9.2.2). */
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** How long clients may take to read that the forwarder is closing. */
const CLOSING_MS = 1_000

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

/**
 * What http-proxy reads in place of the inbound request, which stays as it is for loggers. It has neither headers nor
 * a method: all headers come from the options, and http-proxy would give a DELETE with a chunked body the length 0,
 * which makes the body a second request on the same connection.
 */
function headTo(upstream: Upstream, { path, query }: Target, req: IncomingMessage): IncomingMessage {
  const head = new IncomingMessage(req.socket)
  head.url = `${upstream.basePath}${path}${query === '' ? '' : `?${query}`}`
  return head
}

function requireGate(gate: ForwardingGate): void {
  const problems: string[] = []
  havingMethods('stillAllowed', 'report')('gate', gate, problems)
  if (problems.length > 0)
    throw new PortcullisError('configuration_invalid', `Cannot forward: ${problems.join('; ')}`, { problems })
}
