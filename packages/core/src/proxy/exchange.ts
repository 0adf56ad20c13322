import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Transform, Writable } from 'node:stream'
import type { CallEnd } from '../admission/admission.js'
import type { GateEvent } from '../context/event.js'
import { FORWARDING_PROBLEMS, MALFUNCTIONS } from '../errors/malfunctions.js'
import { type Problem, type ProblemRenderer, problemOfError } from '../errors/problem.js'
import type { Connection } from '../request/connection.js'
import { type EditAnswer, editAnswer } from './admission/edit-answer.js'
import type { Observers } from './admission/observers.js'
import { answer } from './answer.js'
import { answerHead, clientHeaders, type ResponseRules, sendHead } from './client-headers.js'
import { Deadline } from './deadline.js'
import { type HeaderList, headerIn } from './header-fields.js'
import type { Outgoing, Sender, Transport, UpstreamCall } from './transport.js'

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
  readonly outgoing: Outgoing
  readonly transport: Transport
  /** Whether the request may be sent once more: nothing is done twice by that. */
  readonly mayRepeat: boolean
  readonly deadlines: Deadlines
  readonly responses: ResponseRules
  readonly renderers: readonly ProblemRenderer[]
  readonly report: (event: GateEvent) => void
  readonly editAnswer: readonly EditAnswer[]
  readonly observers: Observers | undefined
}

type Failure = 'upstream_unavailable' | 'upstream_timeout'

// 401 and 407 speak about the gate's credential: the caller's never gets that far.
const REFUSALS_OF_THE_GATE: ReadonlySet<number> = new Set([401, 407])

const BODILESS: ReadonlySet<number> = new Set([204, 304])

/** How a connection that was kept open breaks when the upstream was just closing it. */
const CLOSED_MEANWHILE: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/**
 * One request on its way to an upstream and one response on its way back. Over when the client has its response, or
 * is gone; by then nothing of it is left running upstream.
 *
 * `connecting` → `waiting` once it goes out → `relaying` once the response has begun → `relayed` once all of that has
 * come; `ended` by whatever comes in between, or when the client has it all.
 */
export class Exchange implements Sender {
  /** Resolves when all is over. Never rejects. */
  readonly over: Promise<void>
  readonly #parts: ExchangeParts
  readonly #deadline = new Deadline(() => this.#expire())
  #stage: 'connecting' | 'waiting' | 'relaying' | 'relayed' | 'ended' = 'connecting'
  #call: UpstreamCall | undefined
  /** What the body of the response is written to. */
  #sink: Writable
  #isSent = false
  #wasConnected = false
  #bytesWritten = 0
  #wasSentAgain = false

  constructor(parts: ExchangeParts) {
    this.#parts = parts
    this.#sink = parts.res
    const { res, connection } = parts
    this.over = new Promise((resolve) => {
      const finish = () => {
        forget()
        this.#finish()
        resolve()
      }
      res.once('close', finish)
      const forget = connection.onGone(() => {
        res.off('close', finish)
        res.destroy()
        this.#finish()
        resolve()
      })
    })
    // Whatever goes wrong with a response, its 'close' follows; unheard, the error would end the process.
    res.on('error', (cause) =>
      this.#report('info', 'response_failed', 'The client could not be reached', cause),
    )
  }

  /** Sends it. */
  begin(): void {
    if (this.#stage === 'ended') return
    this.#deadline.set(this.#parts.deadlines.connectMs)
    this.#send(false)
  }

  #send(isFresh: boolean): void {
    const { transport, outgoing } = this.#parts
    const call = transport.send(outgoing, this, isFresh)
    // It may have failed already.
    if (this.#isOpen) this.#call = call
    else call.abort()
  }

  started(call: UpstreamCall): void {
    this.#call = call
    this.#stage = 'waiting'
    this.#wasConnected = true
    this.#awaitResponse()
  }

  sent(): void {
    this.#isSent = true
    if (this.#stage === 'waiting') this.#awaitResponse()
  }

  answered(status: number, headers: HeaderList): void {
    if (REFUSALS_OF_THE_GATE.has(status)) {
      this.#report('error', 'upstream_refused', `The upstream answered ${status}: check its credential`)
      this.#end(FORWARDING_PROBLEMS.upstream_refused, 'upstream_failed')
      return
    }
    // Nobody asked for another protocol (RFC 9110 §15.2.2); what follows on that connection is no HTTP.
    if (status < 200) {
      this.#fail('upstream_unavailable', 'The upstream answered with a status that is no answer')
      return
    }
    this.#stage = 'relaying'
    this.#deadline.set(this.#parts.deadlines.idleMs)
    try {
      this.#relay(status, headers)
    } catch (cause) {
      this.failed(cause)
    }
  }

  received(chunk: Buffer): boolean {
    this.#deadline.extend()
    this.#parts.observers?.chunk(chunk)
    if (this.#sink.write(chunk)) return true
    this.#sink.once('drain', this.#goOn)
    return false
  }

  readonly #goOn = (): void => this.#call?.resume()

  completed(): void {
    this.#stage = 'relayed'
    this.#sink.end()
  }

  /** The upstream cannot be reached, or broke off. */
  failed(cause?: unknown): void {
    if (this.#maySendAgain(cause)) {
      this.#wasSentAgain = true
      this.#stage = 'connecting'
      this.#send(true)
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
    if (this.#stage !== 'waiting' || this.#wasSentAgain || !this.#parts.mayRepeat) return false
    if (!this.#call?.isUnheardOnReused) return false
    return cause instanceof Error && 'code' in cause && CLOSED_MEANWHILE.has(cause.code)
  }

  #relay(status: number, received: HeaderList): void {
    const { res, responses, outgoing, observers } = this.#parts
    const headers = clientHeaders(received, responses, outgoing.upstream)
    const rewriters = this.#editAnswer(status, received, headers)
    if (!rewriters) return
    sendHead(res, status, headers)
    // Without a length it is a stream, whose reader wants to know at once that it has begun.
    if (headerIn(headers, 'content-length') === undefined) res.flushHeaders()
    for (const rewriter of rewriters.reverse()) {
      rewriter.pipe(this.#sink)
      this.#sink = rewriter
    }
    observers?.head(answerHead(status, received))
  }

  /** The streams that the body has to pass; undefined when an admission has failed at it, which ends the exchange. */
  #editAnswer(status: number, received: HeaderList, headers: HeaderList): Transform[] | undefined {
    const { outgoing, editAnswer: editors } = this.#parts
    if (editors.length === 0) return []
    const failed = (cause: unknown) => {
      if (this.#stage === 'ended') return
      this.#report('error', 'admission_failed', 'An admission could not edit an answer', cause)
      this.#end(problemOfError(cause), 'cut')
    }
    try {
      const hasBody = outgoing.method !== 'HEAD' && !BODILESS.has(status)
      const rewriters = editAnswer(editors, answerHead(status, received), headers, hasBody)
      for (const rewriter of rewriters) rewriter.once('error', failed)
      return rewriters
    } catch (cause) {
      this.#stage = 'waiting'
      failed(cause)
      return undefined
    }
  }

  #awaitResponse(): void {
    this.#bytesWritten = this.#call?.bytesWritten ?? 0
    this.#deadline.set(this.#parts.deadlines.responseMs)
  }

  get #isOpen(): boolean {
    return this.#stage !== 'ended' && this.#stage !== 'relayed'
  }

  get #hasBegun(): boolean {
    return this.#stage === 'relaying' || this.#stage === 'relayed'
  }

  #expire(): void {
    if (this.#stage === 'waiting' && this.#isUploading()) this.#awaitResponse()
    else if (this.#hasBegun && this.#parts.res.writableNeedDrain)
      this.#fail('upstream_timeout', 'The client took no more of its answer', undefined, 'client_gone')
    else this.#fail('upstream_timeout', 'The upstream was silent for too long')
  }

  #isUploading(): boolean {
    return !this.#isSent && this.#call !== undefined && this.#call.bytesWritten > this.#bytesWritten
  }

  #fail(code: Failure, detail: string, cause?: unknown, end: CallEnd = 'upstream_failed'): void {
    if (this.#stage === 'ended') return
    this.#report('error', code, detail, cause)
    this.#end({ code, ...MALFUNCTIONS[code] }, end)
  }

  /** With an answer as long as there is none yet. Half a response is broken off, so that nobody takes it for whole. */
  #end(problem: Problem, end: CallEnd): void {
    const { res, outgoing, renderers, observers } = this.#parts
    const hasBegun = this.#hasBegun
    this.#stage = 'ended'
    this.#release()
    if (hasBegun) res.destroy()
    else answer(res, problem, outgoing.target.path, renderers)
    observers?.end(end, this.#wasConnected)
  }

  #finish(): void {
    const isWhole = this.#stage === 'relayed' && this.#parts.res.writableFinished
    if (this.#hasBegun && !isWhole)
      this.#report('info', 'response_unfinished', 'The client did not get the whole response')
    this.#stage = 'ended'
    this.#release()
    this.#parts.observers?.end(isWhole ? 'finished' : 'client_gone', this.#wasConnected)
  }

  /**
   * Lets go of the upstream; a request that is complete keeps its connection open for the next one. What the client
   * is still sending is read and thrown away, for its connection to be of further use.
   */
  #release(): void {
    this.#deadline.clear()
    this.#call?.abort()
    const { req, outgoing } = this.#parts
    if (outgoing.framing === 'none') return
    if (outgoing.body !== req) outgoing.body.destroy()
    req.resume()
  }

  #report(level: GateEvent['level'], code: string, detail: string, cause?: unknown): void {
    this.#parts.report({ level, code, detail, ...(cause === undefined ? {} : { cause }) })
  }
}
