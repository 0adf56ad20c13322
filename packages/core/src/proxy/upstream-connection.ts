import { connect as connectPlain, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { connect as connectSecure } from 'node:tls'
import { type buildConnector, Client, type Dispatcher } from 'undici'
import { skipInterim } from './interim-responses.js'

// Below the 5 s after which Node and uvicorn close an idle connection, since a request sent at that moment is lost.
const IDLE_CONNECTION_MS = 4_000
/** How much earlier than the upstream announces an idle connection is closed. */
const BEFORE_ANNOUNCED_MS = 1_000

/** Sessions of TLS, by origin, which spare a new connection half of its handshake. */
export type TlsSessions = Map<string, Buffer>

/** What a request says first. The framing is `contentLength`, or chunked for a body without. */
export interface RequestHead {
  readonly method: string
  readonly path: string
  /** Names and values in turn. */
  readonly headers: string[]
}

/** One connection to an upstream for one request at a time. */
export class UpstreamConnection {
  readonly #client: Client
  #socket: Socket | undefined
  #requests = 0
  #isDestroyed = false
  #awaitAnswer: () => void = () => {}

  /** Calls `closed` whenever the connection is gone: its next request would open another. */
  constructor(origin: string, sessions: TlsSessions, closed: (connection: UpstreamConnection) => void) {
    const connect: buildConnector.connector = (options, done) => {
      const socket = open(options, origin, sessions)
      this.#socket = socket
      this.#requests = 0
      this.#awaitAnswer = skipInterim(socket)
      const fail = (cause: Error) => done(cause, null)
      socket.once('error', fail)
      socket.once(options.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        socket.off('error', fail)
        done(null, socket)
      })
    }
    this.#client = new Client(origin, {
      connect,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: IDLE_CONNECTION_MS,
      keepAliveMaxTimeout: IDLE_CONNECTION_MS,
      keepAliveTimeoutThreshold: BEFORE_ANNOUNCED_MS,
      // Exchanges have deadlines of their own.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    this.#client.on('disconnect', () => closed(this))
  }

  /** Bytes of all requests on it; 0 before it is open. */
  get bytesWritten(): number {
    return this.#socket?.bytesWritten ?? 0
  }

  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0
  }

  dispatch(head: RequestHead, body: Readable | null, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch({ ...head, method: head.method as Dispatcher.HttpMethod, body }, handler)
  }

  /** A request goes out on it now. Answers whether it was used for another before. */
  begin(): boolean {
    this.#awaitAnswer()
    this.#requests += 1
    return this.#requests > 1
  }

  /** Breaks it off, also while it is being opened. */
  destroy(): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.#client.destroy(null, () => {})
    this.#socket?.destroy()
  }
}

function open(
  { protocol, hostname, port, servername }: buildConnector.Options,
  origin: string,
  sessions: TlsSessions,
): Socket {
  const shared = { host: hostname, noDelay: true, keepAlive: true }
  if (protocol !== 'https:') return connectPlain({ ...shared, port: Number(port || 80) })
  const session = sessions.get(origin)
  const socket = connectSecure({
    ...shared,
    port: Number(port || 443),
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
    ...(servername ? { servername } : {}),
    ...(session ? { session } : {}),
  })
  return socket
    .setNoDelay(true)
    .on('session', (ticket: Buffer) => sessions.set(origin, ticket))
    .once('error', () => sessions.delete(origin))
}
