import type { Duplex } from 'node:stream'

/** How long a client that was refused may take to read that and to leave. */
const LEAVING_MS = 2_000

/**
 * Sends the last that there is to say on a socket and ends it. A client that stays, as one that was to send a body does, is cut
 * off after two seconds; what it still sends is read away, since unread bytes would take the answer with them.
 */
export function endSocket(socket: Duplex, last: string | Uint8Array): void {
  const cut = setTimeout(() => socket.destroy(), LEAVING_MS)
  socket.once('close', () => clearTimeout(cut))
  socket.resume()
  socket.end(last)
}
