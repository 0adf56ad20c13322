import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { GateEvent } from '../../../src/context/event.js'
import { createGate } from '../../../src/gate/create-gate.js'
import { listener } from '../../../src/http/server/node.js'
import { discardRest } from '../../../src/http/server/node-body.js'
import { oauth } from '../../../src/oauth/plugin.js'
import { memoryStore } from '../../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from '../../gate/gate-fixture.js'

let server: Server

async function dial(onRequest: Parameters<typeof createServer>[1]): Promise<Socket> {
  server = createServer(onRequest).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  // A connection that is closed on a client that sends may be reset.
  socket.on('error', () => {}).resume()
  return socket
}

function head(path: string, ...more: string[]): string {
  return [`POST ${path} HTTP/1.1`, 'host: localhost', ...more, '', ''].join('\r\n')
}

/** Broken off or not. */
function closed(ended: IncomingMessage | Socket): Promise<void> {
  return new Promise((resolve) => void ended.once('close', () => resolve()))
}

async function untilClosed(socket: Socket, send: () => void): Promise<void> {
  const sending = setInterval(send, 5)
  await closed(socket)
  clearInterval(sending)
}

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

describe('the rest of a body that was refused', () => {
  async function upload(bounds: Parameters<typeof discardRest>[1]): Promise<Socket> {
    const socket = await dial((req, res) => {
      discardRest(req, bounds)
      res.writeHead(401).end()
    })
    socket.write(head('/', 'content-length: 1000000000'))
    return socket
  }

  it('is not waited for beyond a deadline', async () => {
    const began = performance.now()
    const socket = await upload({ forMs: 200 })
    await untilClosed(socket, () => socket.write('x'))
    expect(performance.now() - began).toBeLessThan(5000)
  })

  it('is not read beyond a bound', async () => {
    const socket = await upload({ mostBytes: 1_000_000, forMs: 60_000 })
    const chunk = Buffer.alloc(100_000)
    await untilClosed(socket, () => socket.write(chunk))
    expect(socket.bytesWritten).toBeLessThan(100_000_000)
  })
})

describe('a body that breaks off', () => {
  it('is nobody’s fault: nothing is reported, and the gate goes on', async () => {
    const events: GateEvent[] = []
    const gate = await createGate({
      store: memoryStore(),
      publicUrl: 'http://localhost',
      secret: SECRET,
      keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
      plugins: [oauth()],
      onEvent: (event) => event.level === 'error' && events.push(event),
    })
    const calls = new EventEmitter()
    const begun = once(calls, 'handled')
    const handle: typeof gate.handle = (...input) => {
      const handled = gate.handle(...input)
      calls.emit('handled', handled)
      return handled
    }
    const socket = await dial(listener({ ...gate, handle }, (_req, res) => res.end()))
    const answered = once(server, 'request')
    socket.write(
      head('/oauth2/token', 'content-type: application/x-www-form-urlencoded', 'content-length: 9'),
    )
    socket.write('grant')
    const [req] = (await answered) as [IncomingMessage]
    const [handled] = (await begun) as [Promise<Response>]
    socket.destroy()
    await closed(req)
    expect((await handled).status).toBe(400)
    expect(events).toEqual([])
    await gate.close()
  })
})
