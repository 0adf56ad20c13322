import { type ClientRequest, type IncomingMessage, request as requestPlain, STATUS_CODES } from 'node:http'
import { request as requestSecure } from 'node:https'
import type { Duplex } from 'node:stream'
import { headerValues } from '../credentials.js'
import { answerProblem, type Problem, type ProblemRenderer } from '../problem.js'
import { clientHeaders, type HeaderFields, type HeaderFilter } from './headers.js'
import type { Upstream } from './upstream.js'

export interface TunnelParts {
  /** What the client sent in the same breath as its request. */
  readonly head: Buffer
  readonly socket: Duplex
  /** For the upstream, with all that the gate adds. */
  readonly headers: HeaderFields
  readonly path: string
  readonly upstream: Upstream
  readonly removed: HeaderFilter
  readonly responseMs: number
  readonly refuse: (problem: 'upstream_unavailable' | 'upstream_timeout' | 'upstream_refused') => void
}

/** Whether a request asks for a WebSocket and nothing else (RFC 6455 §4.1). */
export function isWebSocketRequest({ method, rawHeaders }: IncomingMessage): boolean {
  const [protocol, ...more] = headerValues(rawHeaders, 'upgrade')
  const lengths = headerValues(rawHeaders, 'content-length')
  const hasBody =
    headerValues(rawHeaders, 'transfer-encoding').length > 0 || lengths.some((one) => one !== '0')
  return method === 'GET' && protocol?.toLowerCase() === 'websocket' && more.length === 0 && !hasBody
}

/** One WebSocket between a client and an upstream, byte for byte once both have agreed. */
export class Tunnel {
  /** Resolves when both ends are gone. Never rejects. */
  readonly over: Promise<void>
  readonly #parts: TunnelParts
  readonly #request: ClientRequest
  #upstreamSocket: Duplex | undefined

  constructor(parts: TunnelParts) {
    this.#parts = parts
    const { socket, upstream } = parts
    this.over = new Promise((resolve) => {
      socket.once('close', () => {
        this.cut()
        resolve()
      })
    })
    socket.on('error', () => this.cut())
    this.#request = this.#ask()
    if (socket.destroyed) this.cut()
    this.#request.setTimeout(parts.responseMs, () => this.#fail('upstream_timeout'))
    this.#request.once('upgrade', (response, upstreamSocket, head) => {
      this.#join(response, upstreamSocket, head, upstream)
    })
    this.#request.once('response', (response) => this.#relay(response))
    this.#request.on('error', () => this.#fail('upstream_unavailable'))
    this.#request.end()
  }

  /** Breaks both ends off. */
  cut(): void {
    this.#request.destroy()
    this.#upstreamSocket?.destroy()
    this.#parts.socket.destroy()
  }

  #ask(): ClientRequest {
    const { headers, path, upstream } = this.#parts
    const { protocol, hostname, port } = upstream.target
    const request = protocol === 'https:' ? requestSecure : requestPlain
    return request({
      hostname,
      port,
      path,
      headers: { ...headers, connection: 'Upgrade', upgrade: 'websocket' },
      setHost: false,
      agent: false,
    })
  }

  #join(response: IncomingMessage, upstreamSocket: Duplex, head: Buffer, upstream: Upstream): void {
    const { socket, removed, head: clientHead } = this.#parts
    this.#upstreamSocket = upstreamSocket
    upstreamSocket.on('error', () => this.cut())
    upstreamSocket.once('close', () => this.cut())
    if (socket.destroyed) {
      this.cut()
      return
    }
    const headers = clientHeaders(response.rawHeaders, removed, upstream)
    socket.write(writeHead(101, { ...headers, connection: 'Upgrade', upgrade: 'websocket' }))
    if (head.length > 0) socket.write(head)
    if (clientHead.length > 0) upstreamSocket.write(clientHead)
    socket.pipe(upstreamSocket)
    upstreamSocket.pipe(socket)
  }

  /** The upstream does not want a WebSocket there. */
  #relay(response: IncomingMessage): void {
    const { statusCode = 502 } = response
    const { socket, removed, upstream } = this.#parts
    if (statusCode === 401 || statusCode === 407) {
      response.resume()
      this.#fail('upstream_refused')
      return
    }
    const headers = clientHeaders(response.rawHeaders, removed, upstream)
    socket.write(writeHead(statusCode, { ...headers, connection: 'close' }))
    response.pipe(socket)
  }

  #fail(code: Parameters<TunnelParts['refuse']>[0]): void {
    if (this.#upstreamSocket || this.#parts.socket.destroyed) {
      this.cut()
      return
    }
    this.#parts.refuse(code)
  }
}

/** Answers on a bare socket, which ends. */
export function refuseOnSocket(
  socket: Duplex,
  problem: Problem,
  path: string,
  renderers: readonly ProblemRenderer[],
): void {
  const { status, headers, body } = answerProblem(problem, path, renderers)
  const length = String(Buffer.byteLength(body))
  socket.end(writeHead(status, { ...headers, 'content-length': length, connection: 'close' }) + body)
}

function writeHead(status: number, headers: HeaderFields): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((each) => `${name}: ${each}`),
  )
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n`
}
