import type { IncomingMessage, ServerResponse } from 'node:http'

const unasked = new WeakSet<IncomingMessage>()

/**
 * Asks for the body of a request with `Expect: 100-continue` once somebody begins to read it, whoever that is: whoever
 * answers without it need not ask (RFC 9110 §10.1.1).
 */
export function continueWhenRead(req: IncomingMessage, res: ServerResponse): void {
  unasked.add(req)
  const read = req._read
  req._read = (size) => {
    req._read = read
    // Node reads away what is left once it was answered.
    if (unasked.delete(req) && !res.headersSent) res.writeContinue()
    read.call(req, size)
  }
}

/** Whether the body was announced and nobody has asked for it. */
export function isUnasked(req: IncomingMessage): boolean {
  return unasked.has(req)
}
