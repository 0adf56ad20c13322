import type { Socket } from 'node:net'

const STATUS_LINE = 'HTTP/1.'
/** `HTTP/1.1 100` */
const TO_STATUS = 12
/** All but 101, after which comes no HTTP: nobody asked for that, and nobody can go on. */
const IS_INTERIM = / 1(?!01)\d\d$/
const LONGEST_HEAD = 16_384

/**
 * Leaves out interim responses. A client has to be able to take any that it did not expect, and a proxy may leave out those
 * that its client has not asked for (RFC 9110 §15.2); undici takes `100 Continue` for the end of the connection. Call the answer
 * as each request goes out: only what comes before its response is looked at.
 */
export function skipInterim(socket: Socket): () => void {
  const read = socket.read.bind(socket)
  let isAwaited = false
  let held: Buffer | undefined
  socket.read = (size?: number): Buffer | null => {
    for (;;) {
      const chunk = read(size) as Buffer | null
      if (!isAwaited || chunk === null) return chunk
      const received: Buffer = held ? Buffer.concat([held, chunk]) : chunk
      held = undefined
      const end = endOfInterim(received)
      if (end === 'none') {
        isAwaited = false
        return received
      }
      if (end === 'incomplete') held = received
      else if (end < received.length) socket.unshift(received.subarray(end))
    }
  }
  return () => {
    isAwaited = true
    held = undefined
  }
}

/** Where an interim response at the beginning of `bytes` ends. */
function endOfInterim(bytes: Buffer): number | 'none' | 'incomplete' {
  const start = bytes.toString('latin1', 0, TO_STATUS)
  if (!start.startsWith(STATUS_LINE.slice(0, start.length))) return 'none'
  if (start.length === TO_STATUS && !IS_INTERIM.test(start)) return 'none'
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return bytes.length > LONGEST_HEAD ? 'none' : 'incomplete'
  return end + 4
}
