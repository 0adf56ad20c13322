import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { GateEvent } from '../context/event.js'
import { FORWARDING_PROBLEMS, MALFUNCTIONS } from '../errors/malfunctions.js'
import type { Problem, ProblemRenderer } from '../errors/problem.js'
import type { Connection } from '../request/connection.js'
import { answer } from './answer.js'
import type { HeaderFields } from './headers.js'
import { clientHeaders, type ResponseRules } from './response-headers.js'
import type { Upstream } from './upstream.js'

/** How long each silence of an upstream may last. */
export interface Deadlines {
  readonly connectMs: number
  readonly responseMs: number
  readonly idleMs: number
}

export interface ExchangeParts {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Of the client, whose end may come while the response still waits behind another. */
  readonly connection: Connection
  readonly path: string
  readonly upstream: Upstream
  readonly deadlines: Deadlines
  readonly responses: ResponseRules
  readonly renderers: readonly ProblemRenderer[]
  readonly report: (event: GateEvent) => void
  /** Sends the request once more, on a connection of its own; undefined where that might do something twice. */
  readonly sendAgain: (() => void) | undefined
}

type Failure = 'upstream_unavailable' | 'upstream_timeout'

// 401 and 407 speak about the gate's credential: the caller's never gets that far.
const REFUSALS_OF_THE_GATE: ReadonlySet<number | undefined> = new Set([401, 407])

/** How a connection that was kept open breaks when the upstream was just closing it. */
const CLOSED_MEANWHILE: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE'])

/**
 * One request on its way to an upstream and one response on its way back. Over when the client has its response, or
 * is gone; by then nothing of it is left running upstream.
 */
export class Exchange {
  /** Resolves when all is over. Never rejects. */
  readonly over: Promise<void>
  readonly #parts: ExchangeParts
  #stage: 'waiting' | 'relaying' | 'ended' = 'waiting'
  #request: ClientRequest | undefined
  #response: IncomingMessage | undefined
  #timer: NodeJS.Timeout
  #isConnected = false
  #bytesWritten = 0
  #bytesRead = 0
  #wasSentAgain = false

  constructor(parts: ExchangeParts) {
    this.#parts = parts
    this.#timer = setTimeout(() => this.#expire(), parts.deadlines.connectMs)
    this.over = new Promise((resolve) => {
      let forget = () => {}
      const finish = () => {
        forget()
        this.#finish()
        resolve()
      }
      parts.res.once('close', finish)
      forget = parts.connection.onGone(() => {
        parts.res.off('close', finish)
        parts.res.destroy()
        finish()
      })
    })
    // Whatever goes wrong with a response, its 'close' follows; unheard, the error would end the process.
    parts.res.on('error', (cause) =>
      this.#report('info', 'response_failed', 'The client could not be reached', cause),
    )
  }

  /** The upstream request has a socket, which may still be connecting. */
  sent(request: ClientRequest): void {
    this.#request = request
    if (this.#stage !== 'waiting') {
      request.destroy()
      return
    }
    request.once('finish', () => this.#isConnected && this.#awaitResponse())
    request.once('close', () => this.#request === request && this.failed())
    const { socket } = request
    this.#bytesRead = socket?.bytesRead ?? 0
    if (socket?.connecting) {
      const ready = this.#parts.upstream.target.protocol === 'https:' ? 'secureConnect' : 'connect'
      socket.once(ready, () => this.#awaitResponse())
    } else this.#awaitResponse()
  }

  /** The upstream's response has begun. */
  received(response: IncomingMessage): void {
    this.#response = response
    // The 'close' of the request tells the same.
    response.on('error', () => {})
    if (this.#stage !== 'waiting') {
      response.destroy()
      return
    }
    // Nobody asked for another protocol (RFC 9110 §15.2.2); what follows on that connection is no HTTP.
    if (response.statusCode === undefined || response.statusCode < 200) {
      this.#fail('upstream_unavailable', 'The upstream answered with a status that is no answer')
      return
    }
    if (REFUSALS_OF_THE_GATE.has(response.statusCode)) {
      this.#report(
        'error',
        'upstream_refused',
        `The upstream answered ${response.statusCode}: check its credential`,
      )
      this.#end(FORWARDING_PROBLEMS.upstream_refused)
      return
    }
    this.#stage = 'relaying'
    this.#arm(this.#parts.deadlines.idleMs)
    try {
      this.#relay(response)
    } catch (cause) {
      this.failed(cause)
    }
  }

  /** The upstream cannot be reached, or broke off. */
  failed(cause?: unknown): void {
    // Once complete, a response is good, whatever becomes of the connection while the client still reads.
    if (this.#response?.complete) return
    if (this.#maySendAgain(cause)) {
      this.#wasSentAgain = true
      this.#request = undefined
      this.#parts.sendAgain?.()
      return
    }
    this.#fail('upstream_unavailable', 'The upstream could not be reached or broke off', cause)
  }

  /** Ends it because the caller may no longer stay. */
  cut(): void {
    if (this.#stage === 'ended') return
    this.#end(FORWARDING_PROBLEMS.access_withdrawn)
    this.#report('info', 'stream_cut', 'The access of the caller ended while the exchange was running')
  }

  /** Ends it because the forwarder does, with an answer where none has begun. */
  breakOff(): void {
    this.#fail('upstream_unavailable', 'The forwarder is closing')
  }

  /** Takes the connection from a client that does not take its answer. */
  abandon(): void {
    this.#parts.connection.destroy()
  }

  /** RFC 9112 §9.3.1: on a connection that was kept open, when it closed before any byte of an answer came. */
  #maySendAgain(cause: unknown): boolean {
    const request = this.#request
    if (this.#stage !== 'waiting' || this.#wasSentAgain || !this.#parts.sendAgain) return false
    if (!request?.reusedSocket || request.socket?.bytesRead !== this.#bytesRead) return false
    return cause instanceof Error && 'code' in cause && CLOSED_MEANWHILE.has(cause.code)
  }

  #relay(response: IncomingMessage): void {
    const { res, responses, upstream } = this.#parts
    const headers = clientHeaders(response.rawHeaders, responses, upstream)
    for (const [name, value] of Object.entries(withEarlier(headers, res))) res.setHeader(name, value)
    res.writeHead(response.statusCode ?? 502)
    // Without a length it is a stream, whose reader wants to know at once that it has begun.
    if (headers['content-length'] === undefined) res.flushHeaders()
    response.on('data', () => this.#timer.refresh())
    response.pipe(res)
  }

  #awaitResponse(): void {
    if (this.#stage !== 'waiting') return
    this.#isConnected = true
    this.#bytesWritten = this.#request?.socket?.bytesWritten ?? 0
    this.#arm(this.#parts.deadlines.responseMs)
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#expire(), ms)
  }

  #expire(): void {
    if (this.#stage === 'waiting' && this.#isUploading()) this.#awaitResponse()
    else this.#fail('upstream_timeout', 'The upstream was silent for too long')
  }

  #isUploading(): boolean {
    const request = this.#request
    if (!this.#isConnected || !request?.socket || request.writableFinished) return false
    return request.socket.bytesWritten > this.#bytesWritten
  }

  #fail(code: Failure, detail: string, cause?: unknown): void {
    if (this.#stage === 'ended') return
    this.#report('error', code, detail, cause)
    this.#end({ code, ...MALFUNCTIONS[code] })
  }

  /** With an answer as long as there is none yet. Half a response is broken off, so that nobody takes it for whole. */
  #end(problem: Problem): void {
    const { res, path, renderers } = this.#parts
    const hasBegun = this.#stage === 'relaying'
    this.#stage = 'ended'
    this.#release()
    if (hasBegun) res.destroy()
    else answer(res, problem, path, renderers)
  }

  #finish(): void {
    if (this.#stage === 'relaying' && !this.#parts.res.writableFinished)
      this.#report('info', 'response_unfinished', 'The client did not get the whole response')
    this.#stage = 'ended'
    this.#release()
  }

  /**
   * Lets go of the upstream; a request that is complete keeps its connection open for the next one. What the client
   * is still sending is read and thrown away, for its connection to be of further use.
   */
  #release(): void {
    clearTimeout(this.#timer)
    const { req } = this.#parts
    if (this.#request) req.unpipe(this.#request)
    this.#request?.destroy()
    req.resume()
  }

  #report(level: GateEvent['level'], code: string, detail: string, cause?: unknown): void {
    this.#parts.report({ level, code, detail, ...(cause === undefined ? {} : { cause }) })
  }
}

/**
 * Where somebody before us has decided who may read this response from another site, the upstream has no say in it: its
 * origin beside their credentials would let any site in. What a response varies by, and the policies of its page, add
 * up.
 */
function withEarlier(headers: HeaderFields, res: ServerResponse): HeaderFields {
  const earlier = res.getHeaderNames()
  if (earlier.length === 0) return headers
  const vary = res.getHeader('vary')
  const policy = res.getHeader(POLICY)
  const isDecided = earlier.some((name) => name.startsWith(CORS))
  const kept = Object.entries(headers).filter(([name]) => !isDecided || !name.startsWith(CORS))
  const merged: HeaderFields = Object.fromEntries(kept)
  if (vary !== undefined && headers.vary !== undefined) merged.vary = [vary, headers.vary].flat().join(', ')
  if (policy !== undefined && headers[POLICY] !== undefined)
    merged[POLICY] = [policy, headers[POLICY]].flat().map(String)
  return merged
}

const POLICY = 'content-security-policy'

const CORS = 'access-control-'
