import type { IncomingMessage, RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { Connection } from '../request/connection.js'

/** Requests of one connection that wait behind the one that is being answered; one more ends the connection. */
const WAITING_AT_MOST = 256

/**
 * Gives `listener` the requests of one connection one after another: the next once the answer before it has been sent, and
 * none once the client has left. Node gives it all that a client has sent without waiting (RFC 9112 §9.3.2) at once, so that
 * sixty requests in one write cost sixty even if nobody waits for an answer. Up to 256 wait; one more ends the connection.
 * The first request of a connection is passed on once it is known that its client is still there, any other that waits for
 * nobody at once.
 *
 * @example
 * createServer(inOrder(app)).listen(3000)
 */
export function inOrder(listener: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, Set<IncomingMessage>>()
  return (req, res) => {
    const { socket } = req
    const connection = Connection.of(socket)
    connection.received(res)
    const pass = () => {
      if (!connection.isEnding) listener(req, res)
    }
    // Node assigns the socket to a response when its turn to be sent has come.
    if (res.socket !== null) return connection.isRead ? listener(req, res) : void connection.read().then(pass)
    const behind = waiting.get(socket) ?? waitingOn(socket)
    waiting.set(socket, behind)
    if (behind.size >= WAITING_AT_MOST) return void socket.destroy()
    behind.add(req)
    res.once('socket', () => {
      behind.delete(req)
      // What has come over the connection meanwhile, its end above all, is read first; other connections have their turn.
      setImmediate(pass)
    })
  }
}

/** The requests that wait on a connection; those that still do when it closes are dropped without an error of their own. */
function waitingOn(socket: Socket): Set<IncomingMessage> {
  const behind = new Set<IncomingMessage>()
  // Node makes an error with a stack for each request that is not destroyed by then, which costs more than reading it did.
  socket.prependOnceListener('close', () => {
    for (const req of behind) req.destroy()
    behind.clear()
  })
  return behind
}
