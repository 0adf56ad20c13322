import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Identity } from '../../authentication/identity.js'
import { type Denial, denial } from '../../errors/denial.js'
import type { Gate } from '../../gate/gate.js'
import { hook } from '../../input/kinds.js'
import { endSocket } from '../../request/end-socket.js'
import { headerValues, isIgnoredUpgrade, refuseMessage } from '../../request/head.js'
import { checkServer } from './check-server.js'
import { pathOf, viewOf } from './node.js'
import { rereading } from './read-again.js'

/** Takes over the connection of whoever was let in. What it throws ends the connection. */
export type UpgradeHandler = (
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  identity: Identity,
) => unknown

/**
 * Guards the WebSockets of a server, whatever framework answers its requests: nothing is upgraded before the caller was
 * let in, and `handle` gets who it is. With a browser session only pages of the gate's own origin may open one, since
 * browsers send cookies along from any site (RFC 6455 §10.2). Offers of other protocols (h2c, TLS) are ignored: such a
 * request is answered as any other, by whoever answers requests. Answers how to stop. Throws `configuration_invalid` for
 * what is no server, no gate or no function.
 */
export function guardUpgrades(server: Server, gate: Gate, handle: UpgradeHandler): () => void {
  const problems: string[] = []
  hook('handle', handle, problems)
  checkServer(server, gate, problems)
  const onUpgrade = async (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Until somebody takes it over, an error would end the process.
    socket.on('error', () => socket.destroy())
    const answer = await judge(gate, req)
    if (socket.destroyed) return
    if (answer instanceof Response) await answerOnSocket(socket, answer)
    else await handle(req, socket, head, answer)
  }
  const { readAgain, stop } = rereading(server)
  const listener = (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (isIgnoredUpgrade(req)) {
      readAgain(req, socket, head)
      return
    }
    onUpgrade(req, socket, head).catch(() => socket.destroy())
  }
  server.on('upgrade', listener)
  return () => {
    stop()
    server.off('upgrade', listener)
  }
}

async function judge(gate: Gate, req: IncomingMessage): Promise<Identity | Response> {
  const path = pathOf(req, gate.publicUrl)
  try {
    const malformed = refuseMessage(req) ?? refuseUpgradeOf(req)
    if (malformed) return gate.refuse(malformed, path)
    if (gate.owns(path)) return gate.refuse(denial('not_found'), path)
    const decision = await gate.authenticate(viewOf(req, gate.publicUrl))
    if (decision.outcome === 'deny') return gate.refuse(decision.denial, path)
    if (decision.outcome === 'login') return gate.refuse(denial('credentials_missing'), path)
    const [origin] = headerValues(req.rawHeaders, 'origin')
    const isCrossOrigin = decision.identity.credential.isSentByBrowsers && origin !== gate.publicUrl
    return isCrossOrigin ? gate.refuse(denial('cross_site_request'), path) : decision.identity
  } catch (cause) {
    return gate.refuse(cause, path)
  }
}

/** RFC 9110 §7.8: in HTTP/1.0 an Upgrade means nothing. */
function refuseUpgradeOf({ httpVersion }: IncomingMessage): Denial | undefined {
  if (httpVersion === '1.1') return undefined
  return denial('version_refused', { detail: 'A WebSocket needs HTTP/1.1.' })
}

async function answerOnSocket(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer())
  response.headers.set('content-length', String(body.length))
  response.headers.set('connection', 'close')
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`)
  socket.write(`HTTP/1.1 ${response.status} Refused\r\n${lines.join('\r\n')}\r\n\r\n`)
  endSocket(socket, body)
}
