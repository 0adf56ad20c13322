import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createGate } from '../../src/gate/create-gate.js'
import type { Gate } from '../../src/gate/gate.js'
import { listener } from '../../src/http/server/node.js'
import { guardUpgrades } from '../../src/http/server/upgrades.js'
import { createForwarder, type Forwarder } from '../../src/proxy/forwarder.js'
import { memoryStore } from '../../src/store/memory.js'
import { must, SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { listen } from './harness.js'

const USER = 'user@example.com'
const ROOT = 'root@example.com'

let gate: Gate
let forwarder: Forwarder
let url: string
let token: string
let seen: Record<string, string | string[] | undefined>
let echo: WebSocketServer
let sockets: WebSocket[]
let now: () => number
let asked: number

beforeEach(async () => {
  sockets = []
  now = Date.now
  asked = 0
  const upstream = createServer(() => {})
  echo = new WebSocketServer({ noServer: true })
  upstream.on('upgrade', (req, socket, head) => {
    seen = { ...req.headers, target: req.url }
    if (req.url === '/refused') {
      socket.end('HTTP/1.1 418 Teapot\r\nset-cookie: a=b\r\ncontent-length: 2\r\n\r\nno')
      return
    }
    if (req.url === '/half') {
      socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 100\r\n\r\nhalf')
      setImmediate(() => socket.destroy())
      return
    }
    if (req.url === '/half-chunked') {
      socket.write('HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n')
      setImmediate(() => socket.destroy())
      return
    }
    if (req.url === '/chunked') {
      socket.end('HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfull\r\n0\r\n\r\n')
      return
    }
    if (req.url === '/bare') {
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
      return
    }
    if (req.url === '/other') {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n')
      return
    }
    if (req.url === '/silent') {
      asked += 1
      socket.resume().once('end', () => {
        asked -= 1
        socket.destroy()
      })
      return
    }
    if (req.url === '/unauthorized') {
      socket.end('HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer realm="upstream"\r\n\r\n')
      return
    }
    echo.handleUpgrade(req, socket, head, (ws) => {
      ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }))
    })
  })
  const upstreamPort = await listen(upstream)
  gate = await createGate({
    store: memoryStore(),
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    superAdmins: [ROOT],
    clock: () => now(),
  })
  token = must(await gate.tokens.issue({ account: USER })).token
  forwarder = createForwarder(gate, {
    upstream: { url: `http://127.0.0.1:${upstreamPort}`, headers: { authorization: 'Bearer upstream-key' } },
    recheckEveryMs: 20,
  })
  const server = createServer(listener(gate, (req, res, who) => forwarder.forward(req, res, who)))
  guardUpgrades(server, gate, (req, socket, head, identity) => {
    void forwarder.upgrade(req, socket, head, identity)
  })
  url = `ws://127.0.0.1:${await listen(server)}`
})
afterEach(async () => {
  for (const socket of sockets) socket.terminate()
  await forwarder.close()
  await gate.close()
  echo.close()
})

function open(path: string, headers: Record<string, string> = { authorization: `Bearer ${token}` }) {
  const socket = new WebSocket(url + path, { headers })
  // Of one that was refused nothing is left to be broken off.
  socket.on('error', () => {})
  sockets.push(socket)
  return socket
}

/** A handshake on a bare socket. */
function shake(path: string): Socket {
  const raw = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
  raw.write(
    `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n`,
  )
  return raw
}

/** All that comes until the other side closes. */
async function textOf(raw: Socket): Promise<string> {
  let text = ''
  raw.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
  })
  await once(raw, 'close')
  return text
}

/** The status that a handshake was refused with. */
async function refusal(socket: WebSocket): Promise<number | undefined> {
  const [, response] = await once(socket, 'unexpected-response')
  return response.statusCode
}

describe('a WebSocket', () => {
  it('is forwarded both ways for whoever was let in, by name and not by credential', async () => {
    const socket = open('/live?model=x', {
      authorization: `Bearer ${token}`,
      cookie: 'a=b',
      'x-portcullis-email': 'forged@example.com',
    })
    await once(socket, 'open')
    for (const text of ['hello', 'é😀', 'x'.repeat(200_000)]) {
      socket.send(text)
      const [data] = await once(socket, 'message')
      expect(String(data)).toBe(text)
    }
    expect(seen).toMatchObject({
      target: '/live?model=x',
      authorization: 'Bearer upstream-key',
      'x-portcullis-email': USER,
    })
    expect(seen.cookie).toBeUndefined()
    expect(JSON.stringify(seen)).not.toContain(token)
    socket.close(1000, 'bye')
    const [code, reason] = await once(socket, 'close')
    expect([code, String(reason)]).toEqual([1000, 'bye'])
  })

  it('is refused before anything is upgraded without a good credential', async () => {
    seen = {}
    expect(await refusal(open('/live', {}))).toBe(401)
    expect(await refusal(open('/live', { authorization: 'Bearer nonsense' }))).toBe(401)
    must(await gate.standing.ban({ account: USER, by: { service: 'test' } }))
    expect(await refusal(open('/live'))).toBe(403)
    expect(seen).toEqual({})
  })

  it('is cut when its owner is banned', async () => {
    const socket = open('/live')
    await once(socket, 'open')
    const closed = once(socket, 'close')
    must(await gate.standing.ban({ account: USER, by: { service: 'test' } }))
    const [code] = await closed
    expect(code).toBe(1006)
    await expect.poll(() => echo.clients.size).toBe(0)
  })

  it('is gone for the upstream when the client goes, and for the client when the upstream goes', async () => {
    const first = open('/live')
    await once(first, 'open')
    first.terminate()
    await expect.poll(() => echo.clients.size).toBe(0)
    const second = open('/live')
    await once(second, 'open')
    for (const client of echo.clients) client.terminate()
    await once(second, 'close')
  })

  it('that the upstream does not want is refused with its answer, without its cookies', async () => {
    const socket = open('/refused')
    const [, response] = await once(socket, 'unexpected-response')
    expect([response.statusCode, response.headers['set-cookie']]).toEqual([418, undefined])
    // What the upstream says about the gate's own credential is nothing for a client.
    expect(await refusal(open('/unauthorized'))).toBe(502)
  })

  it.each(['/half', '/half-chunked'])(
    'that the upstream refuses and breaks off is broken off for the client (%s)',
    async (path) => {
      const raw = shake(path)
      const text = await textOf(raw)
      expect(text).toMatch(/^HTTP\/1\.1 503 /)
      // Neither a length nor a last chunk says that this is all.
      expect(text).toMatch(/content-length: 100|transfer-encoding: chunked/)
      expect(text).not.toMatch(/0\r\n\r\n$/)
    },
  )

  it('that the upstream refuses in chunks is refused in chunks', async () => {
    const text = await textOf(shake('/chunked'))
    expect(text).toMatch(/\r\n\r\n4\r\nfull\r\n0\r\n\r\n$/)
    expect(text).toMatch(/^content-security-policy: sandbox\r$/m)
  })

  it.each(['/bare', '/other'])('answered with a 101 that is no WebSocket is a 502 (%s)', async (path) => {
    expect(await textOf(shake(path))).toMatch(/^HTTP\/1\.1 502 /)
  })

  it.each(['leaves', 'half-closes'])(
    'whose client %s while the upstream is asked is given up',
    async (how) => {
      const raw = shake('/silent')
      await expect.poll(() => asked).toBe(1)
      if (how === 'leaves') raw.destroy()
      else raw.end()
      await expect.poll(() => asked).toBe(0)
    },
  )

  it('ends with its credential, by a close frame that says why', async () => {
    const short = must(await gate.tokens.issue({ account: USER, lifetimeSeconds: 60 })).token
    const start = Date.now()
    now = () => start + 58_500
    const socket = open('/live', { authorization: `Bearer ${short}` })
    await once(socket, 'open')
    socket.send('still here')
    await once(socket, 'message')
    const [code, reason] = await once(socket, 'close')
    expect([code, String(reason)]).toEqual([1008, 'credential expired'])
    await expect.poll(() => echo.clients.size).toBe(0)
  })

  it('behind a request that is still being answered is not begun', async () => {
    const raw = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
    const credential = `host: x\r\nauthorization: Bearer ${token}\r\n`
    raw.write(`GET /slow HTTP/1.1\r\n${credential}\r\n`)
    raw.write(`GET /live HTTP/1.1\r\n${credential}connection: Upgrade\r\nupgrade: websocket\r\n\r\n`)
    expect(await textOf(raw)).toBe('')
    expect(echo.clients.size).toBe(0)
  })

  it('to one of the gate’s own paths, or by a path with two readings, is refused', async () => {
    expect(await refusal(open('/api/token/list'))).toBe(404)
    const { port } = new URL(url)
    const raw = connect(Number(port), '127.0.0.1')
    raw.write(
      `GET /a/../live HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n`,
    )
    const [answer] = await once(raw, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /)
    raw.destroy()
  })

  const answerTo = async (upgrade: string, ...fields: string[]) => {
    const raw = connect(Number(new URL(url).port), '127.0.0.1')
    const handshake = [
      'GET /live HTTP/1.1',
      'host: x',
      `authorization: Bearer ${token}`,
      'connection: Upgrade',
      `upgrade: ${upgrade}`,
      ...fields,
    ]
    raw.write(`${handshake.join('\r\n')}\r\n\r\n`)
    const [answer] = await once(raw, 'data')
    raw.destroy()
    return String(answer)
  }

  it.each(['websocket, h2c', 'h2c, WebSocket', 'TLS/1.2,websocket'])(
    'is chosen among what is offered, and the upstream is offered nothing else: %s',
    async (upgrade) => {
      const key = ['sec-websocket-version: 13', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==']
      const answer = await answerTo(upgrade, ...key)
      expect(answer).toMatch(/^HTTP\/1\.1 101 /)
      expect(answer).toMatch(/^upgrade: websocket\r$/im)
    },
  )

  it('is the only upgrade there is', async () => {
    expect(await answerTo('TLS/1.3', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==')).toMatch(
      /^HTTP\/1\.1 501 /,
    )
  })

  it('is answered with 502 when the upstream is gone, and broken off when the forwarder closes', async () => {
    const gone = createServer()
    const port = await listen(gone)
    await new Promise((resolve) => gone.close(resolve))
    const lost = createForwarder(gate, { upstream: { url: `http://127.0.0.1:${port}` } })
    const server = createServer()
    guardUpgrades(server, gate, (req, socket, head, identity) => {
      void lost.upgrade(req, socket, head, identity)
    })
    const there = `ws://127.0.0.1:${await listen(server)}`
    const socket = new WebSocket(there, { headers: { authorization: `Bearer ${token}` } })
    expect(await refusal(socket)).toBe(502)
    await lost.close()

    const last = open('/live')
    await once(last, 'open')
    const closed = once(last, 'close')
    await forwarder.close()
    await closed
  })
})
