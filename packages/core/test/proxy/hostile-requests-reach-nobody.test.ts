import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createForwarder } from '../../src/proxy/forwarder.js'
import { ANNA, afterwards, callRaw, listen, startGate, startUpstream, stubGate } from './harness.js'

const head = (requestLine: string, ...fields: string[]) =>
  [requestLine, 'Host: gate', ...fields, 'Connection: close', '', ''].join('\r\n')

const statusOf = (response: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(response)?.[1])

async function send(bytes: string) {
  const { url, received } = await startUpstream()
  const { port } = await startGate({ upstream: { url } })
  const response = await callRaw(port, bytes)
  return { response, status: statusOf(response), received }
}

describe('a target that has two readings is refused with 400 and reaches nobody', () => {
  it.each([
    '/a/../b',
    '/a/%2e%2E/b',
    '/..;/a',
    '//a',
    '/a%2fb',
    '/a%00',
    '/a\\b',
    '/a#b',
    '/%61',
    'http://gate/v1/messages',
    'http://169.254.169.254/latest',
    '*',
  ])('%s', async (target) => {
    const { status, received } = await send(head(`GET ${target} HTTP/1.1`))
    expect(status).toBe(400)
    expect(received).toEqual([])
  })
})

describe('methods and upgrades', () => {
  it.each(['TRACE', 'TRACK'])(
    '%s is refused with 405 and the methods that are allowed (RFC 9110 §15.5.6)',
    async (method) => {
      const { response, status, received } = await send(head(`${method} /a HTTP/1.1`))
      // Node's parser does not know TRACK at all.
      expect(status).toBe(method === 'TRACE' ? 405 : 400)
      if (method === 'TRACE') expect(response).toMatch(/^allow: GET, HEAD, POST/im)
      expect(received).toEqual([])
    },
  )

  it('CONNECT opens no tunnel', async () => {
    const { status, received } = await send(head('CONNECT example.com:443 HTTP/1.1'))
    expect(status).not.toBe(200)
    expect(received).toEqual([])
  })

  it.each([
    ['h2c or a WebSocket', ['Upgrade: h2c, websocket', 'Connection: Upgrade']],
    ['WebSocket of a version', ['Upgrade: WebSocket/13', 'Connection: Upgrade']],
    ['something unknown with a key for WebSockets', ['Upgrade: other/1', 'Sec-WebSocket-Key: x']],
    [
      'WebSocket',
      [
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
      ],
    ],
  ])('an upgrade to %s is refused with 501', async (_, fields) => {
    const { response, status, received } = await send(head('GET /a HTTP/1.1', ...fields))
    expect(status).toBe(501)
    expect(response).toContain('"code":"upgrade_refused"')
    expect(received).toEqual([])
  })

  it.each([
    [
      'as RFC 7540 §3.2 spelled it',
      ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA', 'Connection: Upgrade, HTTP2-Settings'],
    ],
    ['without Upgrade', ['HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA']],
    ['in another spelling', ['uPgRaDe: H2C', 'Connection: upgrade']],
    ['or TLS, as Apache’s HttpClient does it', ['Connection: Upgrade', 'Upgrade: TLS/1.2']],
    ['or TLS in one list', ['Connection: Upgrade', 'Upgrade: h2c, TLS/1.2']],
    ['or TLS in two fields', ['Connection: Upgrade', 'Upgrade: h2c', 'Upgrade: TLS/1.2']],
    ['or something unknown', ['Connection: Upgrade', 'Upgrade: other/1']],
    ['or nothing at all', ['Connection: Upgrade', 'Upgrade: ']],
  ])('an offer of h2c %s is ignored and goes no further (RFC 9110 §7.8)', async (_, fields) => {
    const { status, received } = await send(head('GET /a HTTP/1.1', ...fields))
    expect(status).toBe(200)
    expect(received).toHaveLength(1)
    expect(JSON.stringify(received[0]?.rawHeaders).toLowerCase()).not.toMatch(
      /upgrade|http2-settings|h2c|tls/,
    )
  })
})

describe('a body whose end has two readings is refused and reaches nobody (RFC 9112 §6.3)', () => {
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'

  it.each([
    ['both lengths', ['Content-Length: 4', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`],
    [
      'both lengths, the other way round',
      ['Transfer-Encoding: chunked', 'Content-Length: 4'],
      `0\r\n\r\n${smuggled}`,
    ],
    ['two lengths', ['Content-Length: 4', 'Content-Length: 40'], `abcd${smuggled}`],
    ['a list of lengths', ['Content-Length: 4, 40'], `abcd${smuggled}`],
    ['a signed length', ['Content-Length: +4'], `abcd${smuggled}`],
    ['chunked twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`],
    ['chunked but not last', ['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${smuggled}`],
    ['another coding below chunked', ['Transfer-Encoding: gzip, chunked'], `0\r\n\r\n${smuggled}`],
    ['an unknown coding', ['Transfer-Encoding: xchunked'], `0\r\n\r\n${smuggled}`],
    ['a space before the colon', ['Transfer-Encoding : chunked'], `0\r\n\r\n${smuggled}`],
    ['a bare CR', ['X: a\rTransfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`],
  ])('%s', async (_, fields, body) => {
    const { status, received } = await send(head('POST /a HTTP/1.1', ...fields) + body)
    expect([400, 501]).toContain(status)
    expect(received.map(({ target }) => target)).toEqual([])
  })

  it('both lengths, also behind a server that was told to tolerate them', async () => {
    const { url, received } = await startUpstream()
    const forwarder = createForwarder(stubGate(), { upstream: { url } })
    afterwards(() => forwarder.close())
    const server = createServer(
      { insecureHTTPParser: true },
      (req, res) => void forwarder.forward(req, res, ANNA),
    )
    const port = await listen(server)
    const response = await callRaw(
      port,
      `${head('POST /a HTTP/1.1', 'Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    )
    expect(statusOf(response)).toBe(400)
    expect(response).toContain('"code":"framing_ambiguous"')
    expect(received).toEqual([])
  })

  it('a length under another spelling of its name is not passed on', async () => {
    const { status, received } = await send(
      `${head('POST /a HTTP/1.1', 'Content-Length: 4', 'Content_Length: 2', 'Transfer_Encoding: chunked')}abcd`,
    )
    expect(status).toBe(200)
    expect(Object.keys(received[0]?.headers ?? {}).sort()).toEqual(
      ['connection', 'content-length', 'host', 'x-portcullis-email', 'x-portcullis-user'].sort(),
    )
    expect(received[0]?.body.toString()).toBe('abcd')
  })

  it('trailers are not taken for headers', async () => {
    const { received } = await send(
      `${head('POST /a HTTP/1.1', 'Transfer-Encoding: chunked', 'Trailer: X-Portcullis-User')}1\r\nx\r\n0\r\nX-Portcullis-User: root@example.com\r\n\r\n`,
    )
    expect(received[0]?.headers['x-portcullis-user']).toBe('anna@example.com')
    expect(JSON.stringify(received)).not.toContain('root@example.com')
    expect(received[0]?.body.toString()).toBe('x')
  })
})

it('what is sent behind a request that the server itself refuses reaches nobody (RFC 9112 §9.6)', async () => {
  const { response, status, received } = await send(
    'GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nHost: g\r\n\r\n',
  )
  expect([status, response.match(/HTTP/g)?.length]).toEqual([400, 1])
  expect(received).toEqual([])
})
