import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Identity } from '../../authentication/identity.js'
import type { Gate } from '../../gate/gate.js'
import { checkListener } from './check-server.js'
import { checkMount } from './guards.js'
import { inTurn } from './in-turn.js'
import { admit, answerUnread, pathOf, sendResponse } from './node.js'

/**
 * Answers a request of somebody who was let in. `req.url` may be in absolute form of the public origin (RFC 9112 §3.2.2);
 * `viewOf(req, gate.publicUrl).target` is the path in any case. What it streams is not cut by itself: `recheckFor`.
 */
export type Handler = (req: IncomingMessage, res: ServerResponse, identity: Identity) => unknown

/**
 * The gate as a listener of `node:http`: `createServer(listener(gate, handler))`. Answers the gate's own paths, denials
 * and logins; calls `handler` for whoever is let in. What `handler` throws or rejects with goes to the gate's `onEvent`
 * and is answered as a problem (500, or 503 for a store that cannot answer); a response that has begun is broken off.
 * Requests of one connection get there as `inTurn` says. Throws `configuration_invalid` for what is no gate or no function.
 */
export function listener(gate: Gate, handler: Handler): (req: IncomingMessage, res: ServerResponse) => void {
  checkMount(gate)
  checkListener(handler)
  return inTurn((req, res) => {
    serve(gate, handler, req, res).catch(() => res.destroy())
  })
}

async function serve(gate: Gate, handler: Handler, req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    const identity = await admit(gate, req, res)
    if (identity) await handler(req, res, identity)
  } catch (cause) {
    const response = gate.refuse(cause, pathOf(req, gate.publicUrl))
    if (res.headersSent) throw cause
    forgetContent(res)
    await sendResponse(answerUnread(response, req), req, res)
  }
}

/** What was said about a body that will not come. */
function forgetContent(res: ServerResponse): void {
  for (const name of res.getHeaderNames())
    if (/^(content-|etag$|last-modified$|transfer-encoding$)/.test(name)) res.removeHeader(name)
}
