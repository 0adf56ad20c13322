import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { denial } from '../../errors/denial.js'
import type { Gate } from '../../gate/gate.js'
import { checkServer } from './check-server.js'
import { continueWhenRead } from './continue.js'
import { pathOf, sendResponse, viewOf } from './node.js'

/**
 * Answers `Expect: 100-continue` (RFC 9110 §10.1.1) of a server that lets nobody in but by the gate: whoever would be
 * refused is refused before the body is asked for, and the connection ends. Without it node asks for every body. The
 * gate's own routes ask for theirs once the caller may call them and the announced length is not too much. Answers how to
 * stop. Throws `configuration_invalid` for what is no server.
 */
export function guardExpectations(server: Server, gate: Gate): () => void {
  checkServer(server, gate)
  const listener = (req: IncomingMessage, res: ServerResponse) => {
    if (gate.owns(pathOf(req, gate.publicUrl))) {
      continueWhenRead(req, res)
      server.emit('request', req, res)
      return
    }
    refuseUnsent(gate, req)
      .then(async (refusal) => {
        if (res.destroyed) return
        if (refusal) return sendResponse(refusal, req, res)
        res.writeContinue()
        server.emit('request', req, res)
      })
      .catch(() => res.destroy())
  }
  server.on('checkContinue', listener)
  return () => void server.off('checkContinue', listener)
}

async function refuseUnsent(gate: Gate, req: IncomingMessage): Promise<Response | undefined> {
  const path = pathOf(req, gate.publicUrl)
  let refusal: Response
  try {
    const decision = await gate.authenticate(viewOf(req, gate.publicUrl))
    if (decision.outcome === 'allow') return undefined
    refusal = gate.refuse(decision.outcome === 'deny' ? decision.denial : denial('credentials_missing'), path)
  } catch (cause) {
    refusal = gate.refuse(cause, path)
  }
  // What comes next on the connection may be the body that nobody asked for.
  refusal.headers.set('connection', 'close')
  return refusal
}
