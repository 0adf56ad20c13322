import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Connection } from '../../request/connection.js'
import { checkListener } from './check-server.js'

/** Requests of one connection that wait for their turn; one more ends the connection. */
const WAITING_AT_MOST = 256

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
