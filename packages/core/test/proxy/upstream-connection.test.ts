import { once } from 'node:events'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  afterwards,
  call,
  codeOf,
  listen,
  open,
  startEcho,
  startGate,
  startUpstream,
  until,
} from './harness.js'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n'

/** An upstream that writes these pieces, each in a packet of its own, to every request. */
async function startPieces(pieces: readonly string[]) {
  let connections = 0
  const { port } = await startRaw((socket) => {
    connections += 1
    socket.on('data', async () => {
      for (const piece of pieces) {
        socket.write(piece)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
  })
  return { url: `http://127.0.0.1:${port}`, connections: () => connections }
}

async function startRaw(serve: (socket: Socket) => void): Promise<{ port: number }> {
  const sockets = new Set<Socket>()
  const server = createTcpServer({ noDelay: true }, (socket) => {
    sockets.add(socket.on('error', () => {}))
    serve(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  afterwards(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0 }
}

describe('an interim response that nobody asked for (RFC 9110 §15.2)', () => {
  it.each([
    ['100 Continue', [CONTINUE + OK]],
    ['100 Continue before the rest', [CONTINUE, OK]],
    ['several of them', [CONTINUE + CONTINUE, CONTINUE + OK]],
    ['one with fields', ['HTTP/1.1 100 Continue\r\nx-note: soon\r\n\r\n', OK]],
    ['one in pieces', ['HTT', 'P/1.1 10', '0 Continue\r\n', '\r', `\n${OK}`]],
    ['103 Early Hints', [HINTS, OK]],
    ['one of each', [HINTS, CONTINUE, OK]],
  ])('%s costs the answer nothing, nor its connection', async (_, pieces) => {
    const upstream = await startPieces(pieces)
    const { port } = await startGate({ upstream: upstream.url ? { url: upstream.url } : { url: '' } })
    for (const method of ['GET', 'POST']) {
      const answer = await call(port, { method, body: method === 'POST' ? 'body' : '', headers: {} })
      expect([answer.status, answer.text]).toEqual([200, 'ok'])
      expect(answer.headers.link).toBeUndefined()
    }
    expect(upstream.connections()).toBe(1)
  })

  it('without end is the silence of an upstream: a 504', async () => {
    const { port: upstream } = await startEcho(
      () => {},
      (_, socket) => void socket.write('HTTP/1.1 100 Continue\r\nx-note: '),
    )
    const url = `http://127.0.0.1:${upstream}`
    const { port } = await startGate({ upstream: { url }, responseTimeoutMs: 100 })
    expect(codeOf(await call(port))).toBe('upstream_timeout')
  })

  it('of many megabytes is a 502, and is not kept in memory', async () => {
    const { port: upstream } = await startEcho(
      () => {},
      (_, socket) => void socket.write(`HTTP/1.1 100 Continue\r\nx-note: ${'x'.repeat(4_000_000)}`),
    )
    const { port } = await startGate({ upstream: { url: `http://127.0.0.1:${upstream}` } })
    expect(codeOf(await call(port))).toBe('upstream_unavailable')
  })
})

describe('an answer that comes while the body is still being sent', () => {
  it('reaches the client, whose connection goes on, and the upstream gets no other request on its own', async () => {
    const heard: string[] = []
    const { port: upstream } = await startRaw((socket) => {
      let own = ''
      socket.on('data', (chunk) => {
        if (own === '') socket.write('HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n')
        own += String(chunk)
      })
      socket.on('close', () => heard.push(own.split(' HTTP', 1)[0] ?? ''))
    })
    const { port, running } = await startGate({ upstream: { url: `http://127.0.0.1:${upstream}` } })
    const request = open(port, { method: 'POST', path: '/first', headers: { 'content-length': 2_000_000 } })
    request.on('error', () => {})
    request.write('x'.repeat(100_000))
    const [response] = await once(request, 'response')
    expect(response.statusCode).toBe(413)
    await until(() => heard.length === 1)
    expect(heard).toEqual(['POST /first'])
    response.resume()
    request.destroy()
    await until(() => running() === 0)
  })

  it('may be longer than the body, and both arrive whole: 30 MB each way at once', async () => {
    const size = 30_000_000
    const { createServer } = await import('node:http')
    const server = createServer((req, res) => {
      res.writeHead(200, { 'content-length': size })
      let received = 0
      // What was received is sent back as it comes.
      req.on('data', (chunk: Buffer) => {
        received += chunk.length
        if (!res.write(chunk)) {
          req.pause()
          res.once('drain', () => req.resume())
        }
      })
      req.on('end', () => (received === size ? res.end() : res.destroy()))
    })
    const upstream = await listen(server)
    const { port } = await startGate({ upstream: { url: `http://127.0.0.1:${upstream}` } })
    const body = Buffer.alloc(size, 'echo this ')
    const answer = await call(port, { method: 'POST', body, headers: { 'content-length': size } })
    expect(answer.body.equals(body)).toBe(true)
  })
})

describe('a connection to the upstream', () => {
  it('carries one request at a time, also when a client sends several without waiting', async () => {
    let most = 0
    const { port: upstream } = await startRaw((socket) => {
      let running = 0
      socket.on('data', (chunk) => {
        running += String(chunk).split('GET /').length - 1
        most = Math.max(most, running)
        setTimeout(() => {
          running = 0
          socket.write(OK)
        }, 10)
      })
    })
    const { port } = await startGate({ upstream: { url: `http://127.0.0.1:${upstream}` } })
    await Promise.all(Array.from({ length: 20 }, () => call(port, { path: '/slow' })))
    await Promise.all(Array.from({ length: 20 }, () => call(port, { path: '/again' })))
    expect(most).toBe(1)
  })

  it('is not waited for behind a long answer', async () => {
    const { url } = await startUpstream(
      (req, res) => void (req.url === '/long' ? res.write('x') : res.end('ok')),
    )
    const { port } = await startGate({ upstream: { url } })
    const long = Array.from({ length: 30 }, () => open(port, { path: '/long' }).on('error', () => {}))
    await Promise.all(long.map((request) => once(request.end(), 'response')))
    expect((await call(port, { path: '/short' })).text).toBe('ok')
    for (const request of long) request.destroy()
  })

  it('that was closed while it was idle is never used: any request goes out on another, whatever its method', async () => {
    const { url, server, received } = await startUpstream()
    server.keepAliveTimeout = 1
    const { port } = await startGate({ upstream: { url } })
    for (let round = 0; round < 5; round++) {
      expect((await call(port, { method: 'POST', body: 'once' })).status).toBe(200)
      await until(() => received.length === round + 1)
      await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
    }
  })

  it('is closed with the forwarder when it is idle', async () => {
    const { url, server } = await startUpstream()
    const { port, forwarder, running } = await startGate({ upstream: { url } })
    await call(port)
    await until(() => running() === 0)
    await forwarder.close()
    const open = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
    for (let attempt = 0; attempt < 100 && (await open()) > 0; attempt++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await open()).toBe(0)
  })
})

it('whoever stands before writeHead sees the headers of the upstream as they were set', async () => {
  const { url } = await startUpstream((_, res) => res.writeHead(200, { 'x-from': 'upstream' }).end('ok'))
  let seen: unknown
  const { port } = await startGate(
    { upstream: { url } },
    {
      before: async (_req, res) => {
        const writeHead = res.writeHead.bind(res)
        res.writeHead = ((status: number) => {
          seen = res.getHeader('x-from')
          return writeHead(status)
        }) as typeof res.writeHead
      },
    },
  )
  expect((await call(port)).headers['x-from']).toBe('upstream')
  expect(seen).toBe('upstream')
})
