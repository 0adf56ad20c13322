import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ANNA, call, open, startGate, startUpstream } from './harness.js'

describe('what reaches the client', () => {
  it('is the status, the headers and the body, byte for byte, without decompressing', async () => {
    const body = gzipSync(randomBytes(200_000))
    const { url } = await startUpstream((_req, res) => {
      res.writeHead(418, [
        'Content-Encoding',
        'gzip',
        'Request-Id',
        'r1',
        'Vary',
        'a',
        'Vary',
        'b',
        'Content-Length',
        String(body.length),
      ])
      res.end(body)
    })
    const { port } = await startGate({ upstream: { url } })
    const answer = await call(port, { path: '/a' })
    expect(answer.status).toBe(418)
    expect(answer.body.equals(body)).toBe(true)
    expect(answer.headers).toMatchObject({
      'content-encoding': 'gzip',
      'request-id': 'r1',
      vary: 'a, b',
      'content-length': String(body.length),
    })
    expect(answer.headers['transfer-encoding']).toBeUndefined()
  })

  it('arrives event by event, the head before the first', async () => {
    const steps: (() => void)[] = []
    const { url } = await startUpstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      res.flushHeaders()
      steps.push(
        () => res.write('data: 1\n\n'),
        () => res.write('data: 2\n\n'),
        () => res.end('data: [DONE]\n\n'),
      )
    })
    const { port } = await startGate({ upstream: { url } })
    const outgoing = open(port, { path: '/a' }).end()
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    response.setEncoding('utf8')
    const end = once(response, 'end')
    const seen: string[] = []
    for (const step of steps) {
      step()
      seen.push(String((await once(response, 'data'))[0]))
    }
    expect(seen).toEqual(['data: 1\n\n', 'data: 2\n\n', 'data: [DONE]\n\n'])
    await end
  })

  it.each([204, 304])('is a %i without a body', async (status) => {
    const { url } = await startUpstream((_req, res) => res.writeHead(status).end())
    const { port } = await startGate({ upstream: { url } })
    const answer = await call(port, { path: '/a' })
    expect([answer.status, answer.text]).toEqual([status, ''])
  })

  it('is the length without the body for HEAD', async () => {
    const { url } = await startUpstream((_req, res) => res.writeHead(200, { 'content-length': 1234 }).end())
    const { port } = await startGate({ upstream: { url } })
    const answer = await call(port, { method: 'HEAD', path: '/a' })
    expect([answer.status, answer.headers['content-length'], answer.text]).toEqual([200, '1234', ''])
  })

  it('is a redirect as it stands, followed by nobody, without the address of the upstream', async () => {
    const locations: string[] = []
    const {
      url,
      port: upstreamPort,
      received,
    } = await startUpstream((_req, res) => res.writeHead(307, { location: locations[0] ?? '' }).end())
    const { port } = await startGate({ upstream: { url: `${url}/base` } })
    for (const [sent, expected] of [
      [`${url}/base/v1/x?a=b#c`, '/v1/x?a=b#c'],
      [`//127.0.0.1:${upstreamPort}/base/v1/x`, '/v1/x'],
      ['https://127.0.0.1/elsewhere', '/elsewhere'],
      ['/base/v1/x', '/v1/x'],
      ['next', 'next'],
      ['?page=2', '?page=2'],
      ['https://files.example.com/f?sig=1', 'https://files.example.com/f?sig=1'],
      ['http://[broken', undefined],
      // The upstream's own word, as it would be with a scheme.
      ['//files.example.com/f', '//files.example.com/f'],
      // What would name another host only because of what was taken away here.
      [`${url}/base//evil.example/x`, '/evil.example/x'],
      [`${url}/base/\\evil.example/x`, '/evil.example/x'],
      [`${url}/base/.//evil.example/x`, '/evil.example/x'],
      [`${url}//evil.example/x`, '/evil.example/x'],
      ['javascript:alert(1)', undefined],
      [' JavaScript:alert(1)', undefined],
      ['data:text/html,x', undefined],
    ] as const) {
      locations[0] = sent
      const answer = await call(port, { path: '/a' })
      expect([answer.status, answer.headers.location]).toEqual([307, expected])
    }
    expect(received).toHaveLength(16)
  })

  it('holds nothing that speaks for the connection to the upstream, for the origin of the gate, or of the upstream', async () => {
    const { url } = await startUpstream((_req, res) => {
      res.writeHead(200, {
        connection: 'close, x-hop',
        'x-hop': '1',
        'keep-alive': 'timeout=99',
        'set-cookie': ['__Host-portcullis=planted; Secure; Path=/', 'b=c'],
        'Set-Cookie2': 'a=b',
        'clear-site-data': '"*"',
        'strict-transport-security': 'max-age=1',
        'alt-svc': 'h3=":443"',
        'www-authenticate': 'Bearer realm="upstream"',
        server: 'upstream/1.0',
        x_litellm_model_api_base: 'http://10.0.0.1',
        'x-acme-upstream-url': 'http://10.0.0.1',
        'x-auth-request-email': 'root@example.com',
        X_Auth_Request_User: 'root@example.com',
        'x-portcullis-user': 'root@example.com',
        'x-secret-thing': 'a',
        'x-fine': 'b',
      })
      res.end('ok')
    })
    const { port } = await startGate({ upstream: { url }, removeResponseHeaders: ['X_Secret-*'] })
    const answer = await call(port, { path: '/a' })
    expect(Object.keys(answer.headers).sort()).toEqual([
      'connection',
      'content-security-policy',
      'date',
      'transfer-encoding',
      'x-content-type-options',
      'x-fine',
    ])
    expect(answer.headers.connection).toBe('close')
  })

  it('says where a token in the last fifth of its life is renewed, whatever the upstream says', async () => {
    const { url } = await startUpstream((_req, res) => res.setHeader('x-portcullis-renew', 'evil').end('ok'))
    const ending = { ...ANNA, credential: { ...ANNA.credential, renewal: '/api/token/renew' } }
    const { port } = await startGate({ upstream: { url } }, { who: () => ending })
    expect((await call(port, { path: '/a' })).headers['x-portcullis-renew']).toBe('/api/token/renew')
    const lasting = await startGate({ upstream: { url } })
    expect((await call(lasting.port, { path: '/a' })).headers['x-portcullis-renew']).toBeUndefined()
  })
})
