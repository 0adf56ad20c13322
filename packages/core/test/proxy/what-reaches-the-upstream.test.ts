import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { call, callRaw, codeOf, open, startEcho, startGate, startUpstream, until } from './harness.js'

describe('what reaches the upstream', () => {
  it('is the path and query that came, byte for byte, under the path of the upstream', async () => {
    const { url, received } = await startUpstream()
    const { port } = await startGate({ upstream: { url: `${url}/base/` } })
    const path = `/v1/gr%C3%BC%c3%9f;v=1/a:b@c?x={"a":[1|2]}&y=%2e%2e%2f&z=\`^'&?`
    await call(port, { path })
    expect(received.map(({ target }) => target)).toEqual([`/base${path}`])
  })

  it('is the target as it came, though a framework cut its mount path off', async () => {
    const { url, received } = await startUpstream()
    const before = async (req: IncomingMessage) =>
      Object.assign(req, { originalUrl: req.url, url: '/messages' })
    const { port } = await startGate({ upstream: { url } }, { before })
    await call(port, { path: '/v1/messages?beta=true' })
    expect(received[0]?.target).toBe('/v1/messages?beta=true')
  })

  it('is chosen by path when there are several upstreams, and 404 when there is none', async () => {
    const [one, two] = [await startUpstream(), await startUpstream()]
    const targets = { '/one': { url: one.url }, '/two': { url: two.url } }
    const { port } = await startGate({ upstream: (path) => targets[path as keyof typeof targets] })
    await call(port, { path: '/one' })
    await call(port, { path: '/two' })
    await call(port, { path: '/two?again' })
    const missing = await call(port, { path: '/three' })
    expect([one.received.length, two.received.length]).toEqual([1, 2])
    expect([missing.status, codeOf(missing)]).toEqual([404, 'not_found'])
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET'])(
    'is the whole body of a %s with a length',
    async (method) => {
      const { url, received } = await startUpstream()
      const { port } = await startGate({ upstream: { url } })
      const body = randomBytes(300_000)
      await call(port, { method, path: '/a', body, headers: { 'content-length': body.length } })
      expect(received[0]?.method).toBe(method)
      expect(received[0]?.headers['content-length']).toBe('300000')
      expect(received[0]?.body.equals(body)).toBe(true)
    },
  )

  it.each(['POST', 'PATCH', 'DELETE', 'OPTIONS', 'GET'])(
    'is the whole body of a chunked %s',
    async (method) => {
      const { url, received } = await startUpstream()
      const { port } = await startGate({ upstream: { url } })
      const body = randomBytes(300_000)
      await call(port, { method, path: '/a', body, headers: { 'transfer-encoding': 'chunked' } })
      expect(received[0]?.headers['content-length']).toBeUndefined()
      expect(received[0]?.headers['transfer-encoding']).toBe('chunked')
      expect(received[0]?.body.equals(body)).toBe(true)
    },
  )

  it.each([
    ['POST', '0'],
    ['GET', undefined],
    ['DELETE', undefined],
  ])('has no body when a %s has none', async (method, length) => {
    const { url, received } = await startUpstream()
    const { port } = await startGate({ upstream: { url } })
    await callRaw(port, `${method} /a HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n`)
    expect(received[0]?.headers['content-length']).toBe(length)
    expect(received[0]?.headers['transfer-encoding']).toBeUndefined()
    expect(received[0]?.body.length).toBe(0)
  })

  it('arrives while it is still being sent', async () => {
    const seen: string[] = []
    const { port: upstreamPort } = await startEcho((chunk) => seen.push(chunk))
    const { port } = await startGate({ upstream: { url: `http://127.0.0.1:${upstreamPort}` } })
    const outgoing = open(port, { method: 'POST', path: '/a' })
    outgoing.write('first')
    await until(() => seen.join('').includes('first'))
    outgoing.end('last')
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    expect(seen.join('')).toContain('last')
  })

  it('carries the host and the credential of the upstream, in place of what the client sent', async () => {
    const { url, port: upstreamPort, received } = await startUpstream()
    const headers = { Authorization: 'Bearer upstream-key', 'anthropic-version': '2023-06-01' }
    const { port } = await startGate({ upstream: { url, headers } })
    await call(port, {
      path: '/a',
      headers: {
        authorization: 'Bearer mine',
        anthropic_version: 'old',
        'anthropic-beta': ['a', 'b'],
        'x-stainless-lang': 'js',
      },
    })
    const got = received[0]?.headers
    expect(got?.host).toBe(`127.0.0.1:${upstreamPort}`)
    expect(got?.authorization).toBe('Bearer upstream-key')
    expect(got?.['anthropic-version']).toBe('2023-06-01')
    expect(got?.anthropic_version).toBeUndefined()
    expect(got?.['anthropic-beta']).toBe('a, b')
    expect(got?.['x-stainless-lang']).toBe('js')
  })

  it('goes over connections that are kept open', async () => {
    const { url, server } = await startUpstream()
    let connections = 0
    server.on('connection', () => {
      connections += 1
    })
    const { port, running } = await startGate({ upstream: { url } })
    for (let at = 0; at < 5; at++) {
      await call(port, { method: 'POST', path: '/a', body: 'x' })
      await until(() => running() === 0)
    }
    expect(connections).toBe(1)
  })
})
