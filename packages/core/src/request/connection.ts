import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { PortcullisError } from '../errors/portcullis-error.js'
import { hook } from '../input/kinds.js'

/** Requests of one connection that run at once; those behind them wait. */
const RUNNING_AT_MOST = 32
/** Requests of one connection that wait, behind those or for their turn; one more ends the connection. */
const WAITING_AT_MOST = 256

/** Whether a request may run: `gone` when its connection is, `refused` when too many of its connection wait. */
export type Entrance = 'entered' | 'gone' | 'refused'

/** The client has left before its request was judged. */
export const LEFT = Symbol('left')

const forget = () => {}
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/**
 * What the requests of one client connection have in common. A client may send several without waiting for an answer
 * (RFC 9112 §9.3.2); the response of one that waits behind another has no socket yet, so that only the connection
 * tells when its client is gone.
 */
export class Connection {
  static readonly #known = new WeakMap<Duplex, Connection>()
  readonly #socket: Duplex
  readonly #toTell = new Set<() => void>()
  readonly #waiting: ((entrance: Entrance) => void)[] = []
  #running = 0
  #isEnding = false
  #isRead = false
  #newest: Pick<ServerResponse, 'closed'> | undefined
  #judging: Promise<unknown> | undefined

  private constructor(socket: Duplex) {
    this.#socket = socket
    socket.once('close', () => {
      for (const wait of this.#waiting.splice(0)) wait('gone')
      for (const tell of [...this.#toTell]) tell()
      this.#toTell.clear()
    })
  }

  static of(socket: Duplex): Connection {
    const known = Connection.#known.get(socket)
    if (known) return known
    const connection = new Connection(socket)
    Connection.#known.set(socket, connection)
    return connection
  }

  get isGone(): boolean {
    return this.#socket.destroyed
  }

  /** Whether nothing that comes over it may be processed any more (RFC 9112 §9.6). */
  get isEnding(): boolean {
    return this.#isEnding || this.#socket.destroyed || this.#socket.writableEnded
  }

  /** Whether requests of it have yet to be answered. */
  get isBusy(): boolean {
    return this.#running > 0 || this.#newest?.closed === false
  }

  /** Remembers the response to the newest request: responses are sent in the order of the requests. */
  received(newest: Pick<ServerResponse, 'closed'>): void {
    this.#newest = newest
  }

  /** Whether what came with its first request, the end of it above all, has been read. */
  get isRead(): boolean {
    return this.#isRead
  }

  /**
   * Resolves once what came with its first request has been read. A client that has sent a request and left, perhaps before
   * it was accepted, is known to have left by then; a thousand of them cost no more than to be read.
   */
  async read(): Promise<void> {
    if (this.#isRead) return
    // Node reads on in the next turn of the event loop, and this goes on after that.
    await nextTurn()
    await nextTurn()
    this.#isRead = true
  }

  /** Answers from now on end it: requests that were sent behind are not processed. */
  end(): void {
    this.#isEnding = true
  }

  /** Breaks it off. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** Calls `tell` once the connection is gone, at once if it is. The answer takes that back. */
  onGone(tell: () => void): () => void {
    if (this.isGone) {
      tell()
      return () => {}
    }
    this.#toTell.add(tell)
    return () => void this.#toTell.delete(tell)
  }

  /**
   * Judges a request once those that were sent before it have been judged, or not at all when the connection ends meanwhile: a
   * client that sends a thousand without waiting and leaves costs what one request costs.
   */
  async judgeInOrder<T>(judge: () => Promise<T>): Promise<T | typeof LEFT> {
    const before = this.#judging
    const judging = before === undefined && this.#isRead ? judge() : this.#after(before, judge)
    const settled = judging.then(forget, forget)
    this.#judging = settled
    try {
      return await judging
    } finally {
      if (this.#judging === settled) this.#judging = undefined
    }
  }

  async #after<T>(before: Promise<unknown> | undefined, judge: () => Promise<T>): Promise<T | typeof LEFT> {
    await before
    if (!this.#isRead) await this.read()
    else await nextTurn()
    return this.isEnding ? LEFT : judge()
  }

  /** Waits for a place among those that run. Who has entered leaves when done. */
  enter(): Entrance | Promise<Entrance> {
    if (this.isGone) return 'gone'
    if (this.#running < RUNNING_AT_MOST) {
      this.#running += 1
      return 'entered'
    }
    if (this.#waiting.length >= WAITING_AT_MOST) return 'refused'
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Gives the place of one that ran to the first that waits. */
  leave(): void {
    const next = this.#waiting.shift()
    if (next) next('entered')
    else this.#running -= 1
  }
}

type Exchange = readonly [req: IncomingMessage, res: ServerResponse]

/**
 * Gives `listener` one request of a connection in each turn of the event loop, and none once the client has left. Node gives
 * it all that a client has sent without waiting (RFC 9112 §9.3.2) at once, so that sixty requests in one write cost sixty
 * even if nobody waits for an answer. Up to 256 wait; one more ends the connection. The first request of a connection is
 * passed on once it is known that its client is still there, any other that came behind no unanswered one at once.
 * Throws `configuration_invalid` for a listener that is no function.
 *
 * @example
 * createServer(inTurn(app)).listen(3000)
 */
export function inTurn(listener: RequestListener): RequestListener {
  checkListener(listener)
  const waiting = new WeakMap<Socket, Exchange[]>()

  const passNext = (connection: Connection, queue: Exchange[]) => {
    const next = queue.shift()
    if (next === undefined || connection.isEnding) return
    listener(...next)
    // What has come over the connection meanwhile, its end above all, is read first; other connections have their turn.
    if (queue.length > 0) setImmediate(passNext, connection, queue)
  }

  return (req, res) => {
    const { socket } = req
    const connection = Connection.of(socket)
    connection.received(res)
    // Node assigns the socket to a response when its turn to be sent has come.
    if (connection.isRead && res.socket !== null) return listener(req, res)
    const queue = waiting.get(socket) ?? queueOf(socket)
    waiting.set(socket, queue)
    if (queue.length >= WAITING_AT_MOST) return void socket.destroy()
    queue.push([req, res])
    if (queue.length > 1) return
    if (connection.isRead) setImmediate(passNext, connection, queue)
    else void connection.read().then(() => passNext(connection, queue))
  }
}

/** What waits on a connection; what still does when it closes is dropped. */
function queueOf(socket: Socket): Exchange[] {
  const queue: Exchange[] = []
  const { stackTraceLimit } = Error
  // Node makes an error for each request that was not answered, whose stack nobody sees and costs more than all else of it.
  socket.prependOnceListener('close', () => {
    Error.stackTraceLimit = 0
    for (const [req] of queue.splice(0)) req.destroy()
  })
  socket.once('close', () => {
    Error.stackTraceLimit = stackTraceLimit
  })
  return queue
}

/** Throws `configuration_invalid` for a listener that is no function. */
export function checkListener(listener: unknown): void {
  const problems: string[] = []
  hook('listener', listener, problems)
  if (problems.length === 0) return
  throw new PortcullisError('configuration_invalid', `A server cannot answer: ${problems.join('; ')}`, {
    problems,
  })
}
