import { once } from 'node:events'
import { Agent, type IncomingMessage } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
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
import { CERTIFICATE, PRIVATE_KEY } from './self-signed.js'

describe('what goes wrong upstream', () => {
  it('a 401 about the key of the gate becomes a 502 that does not show it', async () => {
    const { url } = await startUpstream((_req, res) => {
      res.writeHead(401, { 'www-authenticate': 'Bearer' })
      res.end('{"error":{"message":"Incorrect API key provided: sk-abc***"}}')
    })
    const { port, events } = await startGate({
      upstream: { url, headers: { authorization: 'Bearer sk-abcdef' } },
    })
    const answer = await call(port, { path: '/a' })
    expect([answer.status, codeOf(answer)]).toEqual([502, 'upstream_refused'])
    expect(answer.text).not.toContain('sk-')
    expect(events.map(({ code }) => code)).toEqual(['upstream_refused'])
    expect(JSON.stringify(events)).not.toContain('sk-')
  })

  it.each([400, 403, 404, 429, 500, 529])('a %i goes through as it stands', async (status) => {
    const { url } = await startUpstream((_req, res) =>
      res.writeHead(status, { 'retry-after': '7' }).end('{"e":1}'),
    )
    const { port } = await startGate({ upstream: { url } })
    const answer = await call(port, { path: '/a' })
    expect([answer.status, answer.headers['retry-after'], answer.text]).toEqual([status, '7', '{"e":1}'])
  })

  it('a refused connection is a 502 that names no address, also in the middle of an upload', async () => {
    const { port: freePort } = await startUpstream()
    const closed = createTcpServer()
    closed.listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const address = closed.address()
    await new Promise((resolve) => closed.close(resolve))
    const deadPort = typeof address === 'object' && address ? address.port : freePort
    const { port, events, running } = await startGate({ upstream: { url: `http://127.0.0.1:${deadPort}` } })
    for (const body of ['', 'x'.repeat(2_000_000)]) {
      const answer = await call(port, { method: 'POST', path: '/a', body })
      expect([answer.status, codeOf(answer)]).toEqual([502, 'upstream_unavailable'])
      expect(answer.headers['content-type']).toBe('application/problem+json')
      expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN|refused/i)
    }
    expect(events.map(({ code }) => code)).toEqual(['upstream_unavailable', 'upstream_unavailable'])
    await until(() => running() === 0)
  })

  it('an unknown host is a 502', async () => {
    const { port } = await startGate({ upstream: { url: 'http://upstream.invalid' } })
    const answer = await call(port, { path: '/a' })
    expect([answer.status, codeOf(answer)]).toEqual([502, 'upstream_unavailable'])
    expect(answer.text).not.toContain('upstream.invalid')
  })

  it('a certificate that nobody vouches for is a 502', async () => {
    const upstream = createSecureServer({ key: PRIVATE_KEY, cert: CERTIFICATE }, (_req, res) => res.end('ok'))
    const upstreamPort = await listen(upstream)
    const { port, events } = await startGate({ upstream: { url: `https://localhost:${upstreamPort}` } })
    const answer = await call(port, { path: '/a' })
    expect([answer.status, codeOf(answer)]).toEqual([502, 'upstream_unavailable'])
    expect(events[0]?.cause).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })

  it.each([
    ['nonsense', 'nonsense\r\n\r\n'],
    [
      'an unasked 101',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    ],
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
  ])('an answer of %s is a 502', async (_, bytes) => {
    const { port: upstreamPort } = await startEcho(
      () => {},
      (end) => end(bytes),
    )
    const { port } = await startGate({ upstream: { url: `http://127.0.0.1:${upstreamPort}` } })
    const answer = await call(port, { path: '/a' })
    expect([answer.status, codeOf(answer)]).toEqual([502, 'upstream_unavailable'])
  })

  it('an answer with a status that is none is a 502, and takes nothing down', async () => {
    const { port: upstreamPort } = await startEcho(
      () => {},
      (end) => end('HTTP/1.1 000 Zero\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n'),
    )
    const { port, running } = await startGate({ upstream: { url: `http://127.0.0.1:${upstreamPort}` } })
    expect(codeOf(await call(port, { path: '/a' }))).toBe('upstream_unavailable')
    await until(() => running() === 0)
  })

  it('an unasked 101 is a 502, and its connection carries nothing more (RFC 9110 §15.2.2)', async () => {
    let connections = 0
    let closed = 0
    const { port: upstreamPort } = await startEcho(
      () => {},
      (_end, socket) => {
        connections += 1
        socket.once('close', () => {
          closed += 1
        })
        // Without the headers of an upgrade Node takes it for an answer like any other, and keeps the connection.
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged',
        )
      },
    )
    const { port } = await startGate({ upstream: { url: `http://127.0.0.1:${upstreamPort}` } })
    for (let at = 0; at < 3; at++) {
      const answer = await call(port, { path: '/a' })
      expect([answer.status, codeOf(answer)]).toEqual([502, 'upstream_unavailable'])
    }
    await until(() => closed === 3)
    expect(connections).toBe(3)
  })
})

describe('an upstream that breaks off, or is done early', () => {
  it.each([
    ['chunked', ''],
    ['with a length', 'content-length: 100\r\n'],
  ])('a reset in a response %s is an error for the client, not an end', async (_, length) => {
    const { port: upstreamPort } = await startEcho(
      () => {},
      (_end, socket) => {
        const framing = length || 'transfer-encoding: chunked\r\n'
        socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n${length ? '' : '4\r\n'}half${length ? '' : '\r\n'}`)
        setImmediate(() => socket.resetAndDestroy())
      },
    )
    const { port, running, events } = await startGate({
      upstream: { url: `http://127.0.0.1:${upstreamPort}` },
    })
    await expect(call(port, { path: '/a' })).rejects.toMatchObject({ code: 'ECONNRESET' })
    await until(() => running() === 0)
    expect(events.map(({ code }) => code)).toContain('upstream_unavailable')
  })

  it.each(['refused', 'answered'])(
    'an upload %s before its end leaves the connection of the client usable',
    async (how) => {
      const { port: upstreamPort } = await startEcho(
        () => {},
        (end) => end(how === 'refused' ? '' : 'HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig'),
      )
      const { port } = await startGate({ upstream: { url: `http://127.0.0.1:${upstreamPort}` } })
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      afterwards(async () => agent.destroy())
      const isReused: boolean[] = []
      for (let at = 0; at < 3; at++) {
        const outgoing = open(port, { method: 'POST', path: '/a', agent })
        outgoing.write('start')
        const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
        isReused.push(outgoing.reusedSocket)
        expect(response.statusCode).toBe(how === 'refused' ? 502 : 413)
        response.resume()
        const ends = once(response, 'end')
        outgoing.end(Buffer.alloc(2_000_000))
        await ends
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(isReused).toEqual([false, true, true])
    },
  )

  it('a slow reader gets the whole response, though the upstream is long done', async () => {
    const size = 24_000_000
    const { url } = await startUpstream((_req, res) => res.end(Buffer.alloc(size)))
    const { port, events } = await startGate({ upstream: { url } })
    const [response] = (await once(open(port, { path: '/a' }).end(), 'response')) as [IncomingMessage]
    let got = 0
    for await (const chunk of response) {
      got += (chunk as Buffer).length
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect([got, events]).toEqual([size, []])
  })
})
