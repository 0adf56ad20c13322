import { PassThrough, type Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Framing, Target } from '../request/head.js'
import type { HeaderList } from './header-fields.js'
import type { Upstream } from './upstream.js'
import { type RequestHead, type TlsSessions, UpstreamConnection } from './upstream-connection.js'

/** Who is told what becomes of a request to an upstream. */
export interface Sender {
  /** It goes out, on a connection that is open. */
  started(call: UpstreamCall): void
  /** All of it has gone out. */
  sent(): void
  /** The response has begun. */
  answered(status: number, headers: HeaderList): void
  /** False where no more is to come until `resume` is called. */
  received(chunk: Buffer): boolean
  completed(): void
  /** Nothing more comes. Not called after `completed`, nor after `abort`. */
  failed(cause: unknown): void
}

export interface Outgoing {
  readonly method: string
  readonly target: Target
  /** With the host, without framing. */
  readonly headers: HeaderList
  readonly framing: Framing
  readonly body: Readable
  readonly upstream: Upstream
}

/** Connections to upstreams, kept open between requests. */
export interface Transport {
  /** `isFresh` takes a connection that was not used before. */
  send(outgoing: Outgoing, sender: Sender, isFresh?: boolean): UpstreamCall
  /** Closes every connection that is idle, and from then on each that becomes so. */
  close(): void
}

const IDLE_AT_MOST = 256

/** Never queues a request: a queue in front of long answers is a wait that nobody sees. */
export function createTransport(): Transport {
  const sessions: TlsSessions = new Map()
  const byOrigin = new Map<string, UpstreamConnection[]>()
  let isClosed = false

  const idleTo = (origin: string): UpstreamConnection[] => {
    const known = byOrigin.get(origin)
    if (known) return known
    const idle: UpstreamConnection[] = []
    byOrigin.set(origin, idle)
    return idle
  }
  const connect = (origin: string, idle: UpstreamConnection[]) =>
    new UpstreamConnection(origin, sessions, (closed) => {
      const at = idle.indexOf(closed)
      if (at !== -1) idle.splice(at, 1)
    })

  return {
    send({ method, target, headers, framing, body, upstream }, sender, isFresh = false) {
      const idle = idleTo(upstream.origin)
      // The one used last is the one least likely to have been closed.
      const connection = (isFresh ? undefined : idle.pop()) ?? connect(upstream.origin, idle)
      const call = new UpstreamCall(connection, sender, () => {
        if (isClosed || idle.length >= IDLE_AT_MOST) connection.destroy()
        else idle.push(connection)
      })
      const hasBody = framing !== 'none' && (framing === 'chunked' || framing.length !== '0')
      const framed = framing === 'none' || framing === 'chunked' ? headers : withLength(headers, framing)
      const path = upstreamPath(upstream, target)
      call.send({ method, path, headers: framed }, hasBody ? body : undefined)
      return call
    },
    close() {
      isClosed = true
      for (const idle of byOrigin.values()) for (const connection of idle.splice(0)) connection.destroy()
    },
  }
}

function withLength(headers: HeaderList, { length }: { readonly length: string }): HeaderList {
  return [...headers, 'content-length', length]
}

/** One request on one connection, and the response to it. */
export class UpstreamCall implements Dispatcher.DispatchHandler {
  readonly #connection: UpstreamConnection
  readonly #sender: Sender
  readonly #release: () => void
  #resume: (() => void) | undefined
  #upload: PassThrough | undefined
  #body: Readable | undefined
  #isReused = false
  #isOver = false
  #bytesReadBefore = 0

  constructor(connection: UpstreamConnection, sender: Sender, release: () => void) {
    this.#connection = connection
    this.#sender = sender
    this.#release = release
  }

  /** Whether it went out on a connection that had carried another, and nothing has come back. */
  get isUnheardOnReused(): boolean {
    return this.#isReused && this.#connection.bytesRead === this.#bytesReadBefore
  }

  get bytesWritten(): number {
    return this.#connection.bytesWritten
  }

  send(head: RequestHead, body: Readable | undefined): void {
    if (body) {
      // What is handed to undici it destroys at the end: the client's connection is not to end with the upstream's.
      this.#body = body
      // Of a stream of bytes that is there already it counts the length, and what came in chunks is to stay so.
      this.#upload = new PassThrough({ readableObjectMode: true, readableHighWaterMark: 1 })
      body.pipe(this.#upload)
    }
    this.#connection.dispatch(head, this.#upload ?? null, this)
  }

  /** Goes on after `received` has answered false. */
  resume(): void {
    if (!this.#isOver) this.#resume?.()
  }

  /** Lets go of the upstream: what is complete keeps its connection for the next request, all else breaks it off. */
  abort(): void {
    if (this.#isOver) return
    this.#end()
    this.#connection.destroy()
  }

  #end(): void {
    this.#isOver = true
    if (this.#upload) this.#body?.unpipe(this.#upload)
  }

  // What undici calls: names and values as they came, where its newer interface makes an object of them every time.

  onConnect(): void {
    this.#isReused = this.#connection.begin()
    this.#bytesReadBefore = this.#connection.bytesRead
    if (!this.#isOver) this.#sender.started(this)
  }

  onRequestSent(): void {
    if (!this.#isOver) this.#sender.sent()
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    this.#resume = resume
    if (!this.#isOver) this.#sender.answered(status, textOf(headers))
    return true
  }

  onData(chunk: Buffer): boolean {
    return this.#isOver || this.#sender.received(chunk)
  }

  onComplete(): void {
    if (this.#isOver) return
    this.#end()
    this.#release()
    this.#sender.completed()
  }

  onError(cause: Error): void {
    if (this.#isOver) return
    this.abort()
    this.#sender.failed(cause)
  }
}

function textOf(headers: readonly Buffer[]): HeaderList {
  return headers.map((each) => each.toString('latin1'))
}

export function upstreamPath({ basePath }: Upstream, { path, query }: Target): string {
  return `${basePath}${path}${query === '' ? '' : `?${query}`}`
}
