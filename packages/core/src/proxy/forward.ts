import { IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { createProxyServer } from 'http-proxy'
import { denial, type Identity } from '../decision.js'
import type { Gate } from '../gate.js'
import { MALFUNCTIONS, type Problem, problemOfDenial, problemOfError } from '../problem.js'
import { parseTarget, type Target } from '../target.js'
import { admit, FORWARDING_PROBLEMS } from './admit.js'
import { answer } from './answer.js'
import { Exchange } from './exchange.js'
import { describeIdentity, type Framing, upstreamHeaders } from './headers.js'
import { type ForwardOptions, resolveForwardOptions } from './options.js'
import { createRecheck } from './recheck.js'
import { isWebSocketRequest, refuseOnSocket, Tunnel } from './tunnel.js'
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
    const exchange = new Exchange({
      req,
      res,
      path: target.path,
      upstream,
      deadlines: settings.deadlines,
      removed: settings.removedFromResponse,
      renderers,
      report,
    })
    const head = headTo(upstream, target, req)
    byHead.set(head, exchange)
    const { target: address } = upstream
    const agent = pool.agentFor(upstream)
    try {
      const method = req.method ?? 'GET'
      proxy.web(head, res, { target: address, agent, headers, method, buffer: req }, (cause) =>
        exchange.failed(cause),
      )
    } catch (cause) {
      exchange.failed(cause)
    }
    return exchange
  }

  async function run(exchange: Exchange, who: Identity): Promise<void> {
    running.add(exchange)
    const unwatch = recheck?.watch(who, () => exchange.cut())
    await exchange.over
    unwatch?.()
    running.delete(exchange)
  }

  function dig(req: IncomingMessage, socket: Duplex, head: Buffer, who: Identity): Tunnel | Problem {
    if (isClosed) return { code: 'upstream_unavailable', ...MALFUNCTIONS.upstream_unavailable }
    const target = parseTarget(receivedTarget(req))
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
      removed: settings.removedFromResponse,
      responseMs: settings.deadlines.responseMs,
      refuse: (code) => refuseOnSocket(socket, problemOf(code), path, renderers),
    })
  }

  return {
    async upgrade(req, socket, head, who) {
      if (socket.destroyed) return
      const dug = dig(req, socket, head, who)
      if (!(dug instanceof Tunnel)) {
        refuseOnSocket(socket, dug, receivedTarget(req), renderers)
        return
      }
      tunnels.add(dug)
      const unwatch = recheck?.watch(who, () => dug.cut())
      await dug.over
      unwatch?.()
      tunnels.delete(dug)
    },
    async forward(req, res, who) {
      if (res.destroyed) return
      const { renewal } = who.credential
      if (renewal !== undefined) res.setHeader('x-portcullis-renew', renewal)
      const received = receivedTarget(req)
      const target = parseTarget(received)
      const path = target?.path ?? received
      try {
        const considered = consider(req, target)
        if ('code' in considered) await answerAndWait(res, considered, path, renderers)
        else await run(start(req, res, who, considered), who)
      } catch (cause) {
        report({ level: 'error', code: 'forward_failed', detail: 'A request could not be forwarded', cause })
        await answerAndWait(res, problemOfError(cause), path, renderers)
      }
    },
    async close() {
      isClosed = true
      recheck?.close()
      for (const exchange of running) exchange.failed(new Error('The forwarder is closing'))
      for (const tunnel of tunnels) tunnel.cut()
      await Promise.all([...running, ...tunnels].map(({ over }) => over))
      pool.close()
    },
  }
}

function problemOf(code: 'upstream_unavailable' | 'upstream_timeout' | 'upstream_refused'): Problem {
  return code === 'upstream_refused' ? FORWARDING_PROBLEMS.upstream_refused : { code, ...MALFUNCTIONS[code] }
}

/** The target as it came over the wire; frameworks keep it when they cut a mount path off `url`. */
function receivedTarget(req: IncomingMessage & { readonly originalUrl?: unknown }): string {
  return typeof req.originalUrl === 'string' ? req.originalUrl : (req.url ?? '')
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

function answerAndWait(...args: Parameters<typeof answer>): Promise<void> {
  const [res] = args
  return new Promise((resolve) => {
    if (res.closed) return resolve()
    res.once('close', () => resolve())
    answer(...args)
  })
}
