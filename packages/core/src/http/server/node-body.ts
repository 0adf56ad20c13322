import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** What is read of a body that was refused, so that its sender gets to read why: as much as this, for as long as this. */
const DISCARDED_AT_MOST_BYTES = 256 * 1024 * 1024
const DISCARDED_FOR_MS = 10_000

/**
 * The body of a request as a stream. Nothing is read before it is asked for. Cancelling it leaves the connection as it
 * is: whoever answers decides what becomes of the rest.
 */
export function bodyStream(req: IncomingMessage): ReadableStream<Uint8Array> {
  let stopReading = () => {}
  let isWanted = false
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const onData = (chunk: Buffer) => {
          // What comes unasked is being discarded.
          if (!isWanted) return
          isWanted = false
          req.pause()
          controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
        }
        const onEnd = () => {
          stopReading()
          controller.close()
        }
        const onClose = () => {
          stopReading()
          controller.error(new Error('The client went away'))
        }
        stopReading = () => {
          req.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
        }
        // Listening for data would begin to read.
        req.pause()
        req.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
      },
      pull() {
        isWanted = true
        req.resume()
      },
      cancel() {
        stopReading()
        req.pause()
      },
    },
    { highWaterMark: 0 },
  )
}

/**
 * Reads what is left of a body and forgets it. A connection that is closed while its client still sends is reset, and
 * the client then never sees the answer. One that goes on for too long, or sends too much, is closed all the same.
 */
export function discardRest(
  req: IncomingMessage,
  { mostBytes = DISCARDED_AT_MOST_BYTES, forMs = DISCARDED_FOR_MS } = {},
): void {
  if (req.readableEnded || req.destroyed) return
  if (!req.complete) {
    let size = 0
    const closeNow = lingerUntilClosed(req.socket)
    const timer = setTimeout(() => req.socket.destroy(), forMs)
    timer.unref()
    req.once('close', () => {
      clearTimeout(timer)
      closeNow()
    })
    req.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > mostBytes) req.socket.destroy()
    })
    // It was answered; that its client goes away meanwhile is nobody's concern.
    req.on('error', () => {})
  }
  req.resume()
}

/**
 * Closes only the sending side when the server wants to close a connection after an answer (RFC 9112 §9.6). Answers how
 * to close the rest of it; when that was not wanted, the connection goes on.
 */
function lingerUntilClosed(socket: Socket): () => void {
  const destroySoon = socket.destroySoon
  let isWanted = false
  socket.destroySoon = () => {
    isWanted = true
    socket.end()
  }
  return () => {
    socket.destroySoon = destroySoon
    if (isWanted) socket.destroySoon()
  }
}
