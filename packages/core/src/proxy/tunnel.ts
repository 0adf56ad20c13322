import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { type Duplex, pipeline } from 'node:stream'
import type { CallEnd } from '../admission/admission.js'
import { headerValues, offersWebSocket } from '../request/head.js'
import type { Observers } from './admission/observers.js'
import { writeHead } from './answer.js'
import { answerHead, clientHeaders, type ResponseRules } from './client-headers.js'
import { closeFrame, FrameBoundary } from './frames.js'
import { type HeaderList, headerIn } from './header-fields.js'
import type { Upstream } from './upstream.js'

export type TunnelFailure = 'upstream_unavailable' | 'upstream_timeout' | 'upstream_refused'

export interface TunnelParts {
  readonly early: EarlyBytes
  readonly socket: Duplex
  /** For the upstream, with all that the gate adds. */
  readonly headers: HeaderList
  readonly path: string
  readonly upstream: Upstream
  readonly responses: ResponseRules
  readonly responseMs: number
  readonly idleMs: number
  readonly refuse: (problem: TunnelFailure) => void
  readonly observers: Observers | undefined
}

/** Whether a request asks for a WebSocket (RFC 6455 §4.1), whatever else it would take instead. */
export function isWebSocketRequest({ method, httpVersion, rawHeaders }: IncomingMessage): boolean {
  const lengths = headerValues(rawHeaders, 'content-length')
  const hasBody =
    headerValues(rawHeaders, 'transfer-encoding').length > 0 || lengths.some((one) => one !== '0')
  return method === 'GET' && httpVersion === '1.1' && offersWebSocket({ rawHeaders }) && !hasBody
}

/** A client that hears nothing yet has little to say. */
const EARLY_BYTES_AT_MOST = 65_536

/**
 * Reads on while a WebSocket is not yet agreed on: that a client is gone is noticed by nothing else. Keeps what it sends.
 */
export class EarlyBytes {
  readonly #socket: Duplex
  readonly #chunks: Buffer[]
  #length: number
  #leave: () => void = () => {}

  /** `head` is what the client sent in the same breath as its request. */
  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket
    this.#chunks = [head]
    this.#length = head.length
    // Its 'close' follows; unheard, the error would end the process.
    socket.on('error', () => {})
    socket.on('data', this.#keep).once('end', this.#end)
  }

  /** Calls `leave` when the client does, in place of what was to be called before. */
  onEnd(leave: () => void): void {
    this.#leave = leave
  }

  /** Stops reading. The answer is what has come. */
  take(): Buffer[] {
    this.#socket.off('data', this.#keep).off('end', this.#end)
    return this.#chunks.splice(0).filter(({ length }) => length > 0)
  }

  readonly #end = (): void => this.#leave()

  readonly #keep = (chunk: Buffer): void => {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length > EARLY_BYTES_AT_MOST) this.#socket.pause()
  }
}

/** How long an end that was told to leave, or has sent its last, may take. */
const LEAVING_MS = 10_000

/** One WebSocket between a client and an upstream, byte for byte once both have agreed. */
export class Tunnel {
  /** Resolves when both ends are gone. Never rejects. */
  readonly over: Promise<void>
  readonly #parts: TunnelParts
  readonly #request: ClientRequest
  readonly #toClient = new FrameBoundary()
  #stage: 'asking' | 'joined' | 'relaying' | 'ending' = 'asking'
  #upstreamSocket: Duplex | undefined
  #isConnected = false
  #timer: NodeJS.Timeout | undefined

  constructor(parts: TunnelParts) {
    this.#parts = parts
    const { socket } = parts
    this.over = new Promise((resolve) => {
      socket.once('close', () => {
        this.#leaveWithClient()
        resolve()
      })
    })
    socket.on('error', () => this.#leaveWithClient())
    this.#request = this.#ask()
    this.#request.once('socket', (upstream) => upstream.once('connect', () => (this.#isConnected = true)))
    parts.early.onEnd(() => this.#leaveWithClient())
    if (socket.destroyed) this.#leaveWithClient()
    this.#arm(parts.responseMs, () => this.#fail('upstream_timeout'))
    this.#request.once('upgrade', (response, upstreamSocket, head) => {
      this.#join(response, upstreamSocket, head)
    })
    this.#request.once('response', (response) => this.#relay(response))
    this.#request.on('error', () => this.#fail('upstream_unavailable'))
    this.#request.end()
  }

  /** Breaks both ends off. */
  cut(): void {
    this.#leave('cut')
  }

  #tell(end: CallEnd): void {
    this.#parts.observers?.end(end, this.#isConnected)
  }

  #leaveWithClient(): void {
    this.#leave(this.#endOfClient)
  }

  get #endOfClient(): CallEnd {
    return this.#toClient.hasClosed ? 'finished' : 'client_gone'
  }

  #leave(end: CallEnd): void {
    this.#tell(end)
    clearTimeout(this.#timer)
    this.#stage = 'ending'
    this.#request.destroy()
    this.#upstreamSocket?.destroy()
    this.#parts.socket.destroy()
  }

  /**
   * Ends it with a close frame, as WebSockets do (RFC 6455 §5.5.1), once the frame that is on its way is complete; who
   * does not leave then is cut off.
   */
  close(reason: string): void {
    if (this.#stage !== 'joined') {
      this.cut()
      return
    }
    this.#stage = 'ending'
    this.#tell('cut')
    this.#arm(LEAVING_MS, () => this.cut())
    this.#toClient.atBoundary(() => {
      const { socket } = this.#parts
      socket.unpipe()
      this.#upstreamSocket?.destroy()
      socket.end(closeFrame(POLICY_VIOLATION, reason))
      // What the client still says is read away, or its leaving would not be heard.
      socket.resume()
    })
  }

  #ask(): ClientRequest {
    const { headers, path, upstream } = this.#parts
    const { protocol, hostname, port } = upstream.target
    const request = protocol === 'https:' ? requestSecure : requestPlain
    return request({
      // An IPv6 address is looked up without its brackets.
      hostname: hostname.replace(/^\[(.+)\]$/, '$1'),
      port,
      path,
      headers: [...headers, ...JOINING],
      setHost: false,
      agent: false,
    })
  }

  #join(response: IncomingMessage, upstreamSocket: Duplex, head: Buffer): void {
    const { socket, responses, upstream } = this.#parts
    clearTimeout(this.#timer)
    this.#upstreamSocket = upstreamSocket
    upstreamSocket.on('error', () => this.#leave('upstream_failed'))
    if (this.#stage === 'ending' || socket.destroyed) {
      this.cut()
      return
    }
    if (headerValues(response.rawHeaders, 'upgrade').join().toLowerCase() !== 'websocket') {
      this.#fail('upstream_unavailable')
      return
    }
    this.#stage = 'joined'
    upstreamSocket.once('close', () => this.#letRest())
    const headers = clientHeaders(response.rawHeaders, responses, upstream)
    socket.write(writeHead(101, [...headers, ...JOINING]), 'latin1')
    if (head.length > 0) upstreamSocket.unshift(head)
    for (const bytes of this.#parts.early.take()) upstreamSocket.write(bytes)
    this.#parts.observers?.head(answerHead(response.statusCode ?? 0, response.rawHeaders))
    upstreamSocket.once('end', () => this.#tell('finished'))
    socket.once('end', () => this.#tell(this.#endOfClient))
    socket.pipe(upstreamSocket)
    // Half a WebSocket is none: who does not send cannot answer a ping.
    socket.once('end', () => this.#arm(LEAVING_MS, () => this.cut()))
    this.#pipeToClient(upstreamSocket, socket)
  }

  /** As `pipe`, keeping count of where frames end. */
  #pipeToClient(upstreamSocket: Duplex, socket: Duplex): void {
    upstreamSocket.on('data', (chunk: Buffer) => {
      const sent = this.#toClient.pass(chunk, (bytes) => socket.write(bytes))
      if (!sent) upstreamSocket.pause()
    })
    socket.on('drain', () => upstreamSocket.resume())
    upstreamSocket.once('end', () => socket.writable && socket.end())
  }

  /** The upstream is gone; what it sent last is still on its way. */
  #letRest(): void {
    if (this.#stage === 'ending') return
    this.#stage = 'ending'
    this.#tell('finished')
    this.#arm(LEAVING_MS, () => this.cut())
    const { socket } = this.#parts
    socket.end(() => this.cut())
  }

  /** The upstream does not want a WebSocket there. */
  #relay(response: IncomingMessage): void {
    const { statusCode = 0 } = response
    const { socket, responses, upstream, idleMs } = this.#parts
    if (this.#stage !== 'asking') return
    if (statusCode === 401 || statusCode === 407) {
      this.#fail('upstream_refused')
      return
    }
    // Without the headers of an upgrade a 101 is no answer at all.
    if (statusCode < 200) {
      this.#fail('upstream_unavailable')
      return
    }
    this.#stage = 'relaying'
    this.#arm(idleMs, () => this.#leave(socket.writableNeedDrain ? 'client_gone' : 'upstream_failed'))
    response.once('error', () => this.#tell('upstream_failed'))
    const headers = clientHeaders(response.rawHeaders, responses, upstream)
    const hasLength = headerIn(headers, 'content-length') !== undefined || BODILESS.has(statusCode)
    const framing = hasLength ? [] : ['transfer-encoding', 'chunked']
    socket.write(writeHead(statusCode, [...headers, ...framing, 'connection', 'close']), 'latin1')
    this.#parts.observers?.head(answerHead(response.statusCode ?? 0, response.rawHeaders))
    response.on('data', () => this.#timer?.refresh())
    const finish = (cause: Error | null) => {
      if (cause) {
        this.#leave('upstream_failed')
        return
      }
      this.#tell('finished')
      this.#arm(LEAVING_MS, () => this.cut())
    }
    if (hasLength) pipeline(response, socket, finish)
    else pipeline(response, inChunks, socket, finish)
  }

  #arm(ms: number, expire: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(expire, ms)
  }

  #fail(code: TunnelFailure): void {
    if (this.#stage === 'ending') return
    if (this.#stage !== 'asking') {
      this.#leave('upstream_failed')
      return
    }
    this.#stage = 'ending'
    this.#tell('upstream_failed')
    this.#parts.early.take()
    this.#request.destroy()
    this.#upstreamSocket?.destroy()
    this.#parts.refuse(code)
    // A client that does not take its answer.
    this.#arm(LEAVING_MS, () => this.cut())
  }
}

const JOINING = ['connection', 'Upgrade', 'upgrade', 'websocket']

/** RFC 6455 §7.4.1. */
const POLICY_VIOLATION = 1008

const BODILESS: ReadonlySet<number> = new Set([204, 304])

/** RFC 9112 §7.1: a body that breaks off lacks its last chunk, and cannot be taken for whole. */
async function* inChunks(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of body)
    yield Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')])
  yield Buffer.from('0\r\n\r\n')
}
