import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

const OF_THE_UPGRADE = new Set(['upgrade', 'http2-settings'])

/** Headers that Node keeps of a request where `maxHeadersCount` says nothing else; more are dropped. */
const HEADERS_KEPT = 1000

/** Gives requests back to a server that took them for upgrades. */
export interface Rereading {
  readAgain(req: IncomingMessage, socket: Duplex, head: Buffer): void
  stop(): void
}

/**
 * Gives a request that Node took for an upgrade back to its server, without what asked for that: once somebody listens
 * for upgrades, Node stops reading such a connection as HTTP. Its body, and what is sent behind it, is read as ever, once
 * what was sent before it is answered. Ends the connection when the request cannot be written down again exactly.
 */
export function rereading(server: Server): Rereading {
  const open = new WeakMap<Duplex, Set<ServerResponse>>()
  const onRequest = ({ socket }: IncomingMessage, res: ServerResponse) => {
    const responses = open.get(socket) ?? new Set()
    open.set(socket, responses.add(res))
    res.once('close', () => responses.delete(res))
  }
  server.prependListener('request', onRequest)
  return {
    readAgain(req, socket, head) {
      const written = writeHead(server, req)
      if (written === undefined) {
        socket.destroy()
        return
      }
      const goOn = () => {
        if (!socket.writable) return
        // What was answered last has set the time of an idle connection.
        req.socket.setTimeout(server.timeout)
        socket.unshift(Buffer.concat([Buffer.from(written, 'latin1'), head]))
        server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket)
      }
      const last = [...(open.get(socket) ?? [])].at(-1)
      if (!last) {
        goOn()
        return
      }
      const leave = () => socket.destroy()
      socket.on('error', leave)
      last.once('close', () => {
        socket.off('error', leave)
        goOn()
      })
    },
    stop: () => void server.off('request', onRequest),
  }
}

function writeHead({ maxHeadersCount }: Server, req: IncomingMessage): string | undefined {
  const { method, url, httpVersion, rawHeaders } = req
  // A length among the headers that were dropped would be missing.
  if (rawHeaders.length >= 2 * (maxHeadersCount || HEADERS_KEPT)) return undefined
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    if (name.toLowerCase() === 'connection') lines.push(`${name}: ${withoutUpgrade(value)}`)
    else if (!OF_THE_UPGRADE.has(name.toLowerCase())) lines.push(`${name}: ${value}`)
  }
  return lines.some((line) => /[\r\n]/.test(line)) ? undefined : `${lines.join('\r\n')}\r\n\r\n`
}

function withoutUpgrade(connection: string): string {
  const options = connection.split(',').map((option) => option.trim())
  return options.filter((option) => !OF_THE_UPGRADE.has(option.toLowerCase())).join(', ')
}
