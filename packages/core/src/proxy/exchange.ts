import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { Readable, Transform } from 'node:stream'
import type { CallEnd } from '../admission/admission.js'
import type { GateEvent } from '../context/event.js'
import { FORWARDING_PROBLEMS, MALFUNCTIONS } from '../errors/malfunctions.js'
import { type Problem, type ProblemRenderer, problemOfError } from '../errors/problem.js'
import type { Connection } from '../request/connection.js'
import { type EditAnswer, editAnswer } from './admission/edit-answer.js'
import type { Observers } from './admission/observers.js'
import { answer } from './answer.js'
import { answerHead, clientHeaders, type ResponseRules, withEarlier } from './client-headers.js'
import type { HeaderFields } from './header-fields.js'
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
  /** What of the request is sent as its body: itself, or what an admission has made of it. */
  readonly body: Readable
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
  readonly editAnswer: readonly EditAnswer[]
  readonly observers: Observers | undefined
}

type Failure = 'upstream_unavailable' | 'upstream_timeout'

// 401 and 407 speak about the gate's credential: the caller's never gets that far.
const REFUSALS_OF_THE_GATE: ReadonlySet<number | undefined> = new Set([401, 407])

const BODILESS: ReadonlySet<number> = new Set([204, 304])

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
      this.#end(FORWARDING_PROBLEMS.upstream_refused, 'upstream_failed')
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
    this.#end(FORWARDING_PROBLEMS.access_withdrawn, 'cut')
    this.#report('info', 'stream_cut', 'The access of the caller ended while the exchange was running')
  }

  /** Ends it because the rest of the body makes untrue what was decided by. The upstream does not get the whole of it. */
  contradict(): void {
    if (this.#stage === 'ended') return
    this.#end(FORWARDING_PROBLEMS.body_ambiguous, 'cut')
    this.#report('info', 'body_ambiguous', 'The rest of a body contradicts what was decided by')
  }

  /** Ends it because the forwarder does, with an answer where none has begun. */
  breakOff(): void {
    this.#fail('upstream_unavailable', 'The forwarder is closing', undefined, 'cut')
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
    const { res, responses, upstream, observers } = this.#parts
    const headers = clientHeaders(response.rawHeaders, responses, upstream)
    const rewriters = this.#editAnswer(response, headers)
    if (!rewriters) return
    for (const [name, value] of Object.entries(withEarlier(headers, res))) res.setHeader(name, value)
    res.writeHead(response.statusCode ?? 502)
    // Without a length it is a stream, whose reader wants to know at once that it has begun.
    if (headers['content-length'] === undefined) res.flushHeaders()
    response.on('data', () => this.#timer.refresh())
    let rewritten: Readable = response
    for (const rewriter of rewriters) rewritten = rewritten.pipe(rewriter)
    rewritten.pipe(res)
    if (!observers) return
    observers.head(answerHead(response))
    response.on('data', (chunk: Buffer) => observers.chunk(chunk))
  }

  /** The streams that the body has to pass; undefined when an admission has failed at it, which ends the exchange. */
  #editAnswer(response: IncomingMessage, headers: HeaderFields): Transform[] | undefined {
    const { req, editAnswer: editors } = this.#parts
    if (editors.length === 0) return []
    const failed = (cause: unknown) => {
      if (this.#stage === 'ended') return
      this.#report('error', 'admission_failed', 'An admission could not edit an answer', cause)
      this.#end(problemOfError(cause), 'cut')
    }
    try {
      const hasBody = req.method !== 'HEAD' && !BODILESS.has(response.statusCode ?? 0)
      const rewriters = editAnswer(editors, answerHead(response), headers, hasBody)
      for (const rewriter of rewriters) rewriter.once('error', failed)
      return rewriters
    } catch (cause) {
      this.#stage = 'waiting'
      failed(cause)
      return undefined
    }
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
    else if (this.#stage === 'relaying' && this.#parts.res.writableNeedDrain)
      this.#fail('upstream_timeout', 'The client took no more of its answer', undefined, 'client_gone')
    else this.#fail('upstream_timeout', 'The upstream was silent for too long')
  }

  #isUploading(): boolean {
    const request = this.#request
    if (!this.#isConnected || !request?.socket || request.writableFinished) return false
    return request.socket.bytesWritten > this.#bytesWritten
  }

  #fail(code: Failure, detail: string, cause?: unknown, end: CallEnd = 'upstream_failed'): void {
    if (this.#stage === 'ended') return
    this.#report('error', code, detail, cause)
    this.#end({ code, ...MALFUNCTIONS[code] }, end)
  }

  /** With an answer as long as there is none yet. Half a response is broken off, so that nobody takes it for whole. */
  #end(problem: Problem, end: CallEnd): void {
    const { res, path, renderers } = this.#parts
    const hasBegun = this.#stage === 'relaying'
    this.#stage = 'ended'
    this.#release()
    if (hasBegun) res.destroy()
    else answer(res, problem, path, renderers)
    this.#parts.observers?.end(end, this.#isConnected)
  }

  #finish(): void {
    const isWhole = this.#stage === 'relaying' && this.#parts.res.writableFinished
    if (this.#stage === 'relaying' && !isWhole)
      this.#report('info', 'response_unfinished', 'The client did not get the whole response')
    this.#stage = 'ended'
    this.#release()
    this.#parts.observers?.end(isWhole ? 'finished' : 'client_gone', this.#isConnected)
  }

  /**
   * Lets go of the upstream; a request that is complete keeps its connection open for the next one. What the client
   * is still sending is read and thrown away, for its connection to be of further use.
   */
  #release(): void {
    clearTimeout(this.#timer)
    const { req, body } = this.#parts
    if (this.#request) body.unpipe(this.#request)
    this.#request?.destroy()
    if (body !== req) body.destroy()
    req.resume()
  }

  #report(level: GateEvent['level'], code: string, detail: string, cause?: unknown): void {
    this.#parts.report({ level, code, detail, ...(cause === undefined ? {} : { cause }) })
  }
}
