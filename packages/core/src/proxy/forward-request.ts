import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate as nextRound } from 'node:timers/promises'
import type { Identity } from '../authentication/identity.js'
import { denial } from '../errors/denial.js'
import { type Problem, problemOfDenial, problemOfError } from '../errors/problem.js'
import { discardRest } from '../http/server/node-body.js'
import { Connection } from '../request/connection.js'
import { parseTarget, targetOf } from '../request/head.js'
import type { Granted } from './admission/ask-admissions.js'
import { answerToEnd } from './answer.js'
import { type Checked, checkRequest } from './check-request.js'
import { Exchange } from './exchange.js'
import { CLOSED, type Forwarding } from './forwarder-parts.js'
import { editHeaders } from './header-fields.js'
import { describeIdentity } from './identity-headers.js'
import { createTransport } from './transport.js'
import type { Upstream } from './upstream.js'
import { upstreamHeaders } from './upstream-headers.js'

/** Methods by which nothing changes, however often it is sent (RFC 9110 §9.2.2). */
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** How long clients may take to read that the forwarder is closing. */
const CLOSING_MS = 1_000

/** Forwards requests, each with its response. */
export class RequestForwarding {
  readonly #forwarding: Forwarding
  readonly #transport = createTransport()
  readonly #running = new Set<Exchange>()
  #isClosed = false

  constructor(forwarding: Forwarding) {
    this.#forwarding = forwarding
  }

  async forward(req: IncomingMessage, res: ServerResponse, who: Identity): Promise<void> {
    const connection = Connection.of(req.socket)
    if (!(await this.#isItsTurn(connection, res))) return
    try {
      await this.#forwardAlone(req, res, who, connection)
    } finally {
      connection.leave()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const exchange of this.#running) exchange.breakOff()
    const deadline = setTimeout(() => {
      for (const exchange of this.#running) exchange.abandon()
    }, CLOSING_MS)
    await Promise.all([...this.#running].map(({ over }) => over))
    clearTimeout(deadline)
    this.#transport.close()
  }

  async #forwardAlone(
    req: IncomingMessage,
    res: ServerResponse,
    who: Identity,
    connection: Connection,
  ): Promise<void> {
    const { renewal } = who.credential
    if (renewal !== undefined) res.setHeader('x-portcullis-renew', renewal)
    const { gate, settings, admissions } = this.#forwarding
    const received = targetOf(req, gate.publicUrl)
    const target = parseTarget(received)
    const path = target?.path ?? received
    let granted: Granted | undefined
    const refuse = async (problem: Problem) => {
      granted?.abandon()
      // RFC 9110 §15.5.9: whoever was too slow is not waited for any longer.
      if (problem.status !== 408) discardRest(req)
      await answerToEnd(connection, res, problem, path, gate.problems)
    }
    try {
      const checked = this.#isClosed ? CLOSED : checkRequest(req, target)
      if ('code' in checked) return await refuse(checked)
      if (!admissions.isEmpty) {
        const verdict = await admissions.ask({ req, who, isWebSocket: false, ...checked })
        if (verdict === 'client_gone') return
        if ('code' in verdict) return await refuse(verdict)
        granted = verdict
        if (this.#isClosed) return await refuse(CLOSED)
        if (res.destroyed) return
      }
      const upstream = granted?.upstream ?? settings.upstreamFor(checked.target.path)
      if (!upstream) return await refuse(problemOfDenial(denial('not_found')))
      await this.#run(this.#start(req, res, who, connection, checked, upstream, granted), who)
    } catch (cause) {
      const detail = 'A request could not be forwarded'
      gate.report({ level: 'error', code: 'forward_failed', detail, cause })
      await refuse(problemOfError(cause))
    } finally {
      granted?.abandon()
    }
  }

  #start(
    req: IncomingMessage,
    res: ServerResponse,
    who: Identity,
    connection: Connection,
    { target, framing }: Checked,
    upstream: Upstream,
    granted: Granted | undefined,
  ): Exchange {
    const { gate, settings } = this.#forwarding
    const edited = granted?.body?.release(() => exchange.contradict())
    const identity = describeIdentity(who, settings.identityHeaders)
    const headers = upstreamHeaders(req.rawHeaders, settings.removedFromRequest, identity, upstream)
    for (const edits of granted?.requestHeaders ?? []) editHeaders(headers, edits)
    const method = req.method ?? 'GET'
    const exchange: Exchange = new Exchange({
      req,
      res,
      connection,
      outgoing: { method, target, headers, framing: edited ?? framing, body: granted?.body ?? req, upstream },
      transport: this.#transport,
      mayRepeat: framing === 'none' && REPEATABLE.has(method),
      deadlines: settings.deadlines,
      responses: settings.responses,
      renderers: gate.problems,
      report: gate.report,
      editAnswer: granted?.editAnswer ?? [],
      observers: granted?.observers.isEmpty ? undefined : granted?.observers,
    })
    exchange.begin()
    return exchange
  }

  async #run(exchange: Exchange, who: Identity): Promise<void> {
    this.#running.add(exchange)
    const unwatch = this.#forwarding.recheck?.watch(who, () => exchange.cut())
    await exchange.over
    unwatch?.()
    this.#running.delete(exchange)
  }

  /** Whether a request may be forwarded now. One that came behind another on its connection may have to wait. */
  async #isItsTurn(connection: Connection, res: ServerResponse): Promise<boolean> {
    const entrance = await connection.enter()
    if (entrance === 'refused') {
      this.#forwarding.gate.report({
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
}
