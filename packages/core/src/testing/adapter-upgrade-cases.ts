import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type AdapterCase, type Promised, type Scene, until } from './adapter-stage.js'

/** WebSockets on the server of the adapter, guarded by `guardServer` and passed on by the forwarder. */
export function upgradeCases(a: Promised): AdapterCase[] {
  return [
    a('a WebSocket is authenticated before anything is upgraded', async ({ origin, seen }) => {
      for (const headers of [[], ['authorization: Bearer nonsense']]) {
        const { status } = await shakeHands(origin, '/live', headers)
        assert.equal(status, 'HTTP/1.1 401')
      }
      assert.equal(seen.head, undefined)
    }),
    a('a WebSocket of who is let in is forwarded both ways', async ({ origin, token, seen }) => {
      const { status, socket } = await shakeHands(origin, '/live?x=1', [`authorization: Bearer ${token}`])
      assert.equal(status, 'HTTP/1.1 101')
      assert.equal(seen.head?.url, '/live?x=1')
      assert.equal(seen.head?.headers['x-portcullis-email'], 'ada@example.com')
      assert.equal(seen.head?.headers.authorization, undefined)
      socket.write('ping')
      const [echoed] = await once(socket, 'data')
      assert.equal(String(echoed), 'ping')
      socket.destroy()
    }),
    a('what JDK’s HttpClient sends over plain http is answered, again and again', async (scene) => {
      const { origin, token, seen } = scene
      const socket = connectTo(origin)
      for (let times = 0; times < 10; times++)
        for (const [head, body] of [
          [offer('GET', '/things', ['Content-Length: 0'], token), ''],
          [offer('POST', '/things', [`Content-Length: ${BODY.length}`], token), BODY],
          [offer('POST', '/things', ['Transfer-encoding: chunked'], token), `14\r\n${BODY}\r\n0\r\n\r\n`],
        ] as const) {
          seen.body = ''
          socket.write(head)
          // The body is a packet of its own, as it is from there.
          await new Promise((resolve) => setImmediate(resolve))
          socket.write(body)
          const [answer] = await once(socket, 'data')
          assert.match(String(answer), /^HTTP\/1\.1 200 /)
          assert.equal(seen.body, body === '' ? '' : BODY)
          assertNoUpgrade(scene)
        }
      socket.destroy()
    }),
    a('what JDK’s HttpClient asks for is streamed to it', async (scene) => {
      const { origin, token } = scene
      const socket = connectTo(origin)
      let heard = ''
      socket.setEncoding('utf8').on('data', (text: string) => {
        heard += text
      })
      socket.write(offer('POST', '/events', [`Content-Length: ${BODY.length}`], token))
      socket.write(BODY)
      await until(() => heard.includes('data: 1'))
      assertNoUpgrade(scene)
      await fetch(`${origin}/go-on`, { headers: { authorization: `Bearer ${token}` } })
      await until(() => heard.includes('data: 2'))
      assert.match(heard, /^HTTP\/1\.1 200 /)
      socket.destroy()
    }),
    a('JDK’s HttpClient is told to send a body, and a stranger’s is refused before', async (scene) => {
      const { origin, token, seen } = scene
      const fields = [`Content-Length: ${BODY.length}`, 'Expect: 100-Continue']
      const stranger = connectTo(origin)
      stranger.write(offer('POST', '/things', fields, 'nonsense'))
      assert.match(String(await once(stranger, 'data')), /^HTTP\/1\.1 401 /)
      assert.equal(seen.head, undefined)
      stranger.destroy()
      const socket = connectTo(origin)
      socket.write(offer('POST', '/things', fields, token))
      assert.match(String(await once(socket, 'data')), /^HTTP\/1\.1 100 /)
      socket.write(BODY)
      assert.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200 /)
      assert.equal(seen.body, BODY)
      assertNoUpgrade(scene)
      socket.destroy()
    }),
    a('what Apache’s HttpClient and with it Spring send over plain http is answered', async (scene) => {
      const { origin, token, seen } = scene
      for (const protocols of ['TLS/1.2', 'h2c, TLS/1.2', 'example/2']) {
        const socket = connectTo(origin)
        seen.body = ''
        socket.write(offerByApache('POST', '/things', protocols, token))
        assert.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200 /)
        assert.equal(seen.body, BODY)
        assertNoUpgrade(scene)
        // Of the gate's own paths, on the same connection.
        socket.write(offerByApache('GET', '/oauth2/userinfo', protocols, token))
        assert.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200 /)
        socket.destroy()
      }
    }),
    a('an offer of h2c or TLS lets nobody in', async ({ origin, seen }) => {
      for (const protocols of ['h2c', 'TLS/1.2']) {
        const { status, socket } = await shakeHands(origin, '/things', [], protocols)
        assert.equal(status, 'HTTP/1.1 401')
        assert.equal(seen.head, undefined)
        socket.destroy()
      }
    }),
    a('requests are answered beside a WebSocket', async ({ origin, token }) => {
      const { socket } = await shakeHands(origin, '/live', [`x-api-key: ${token}`])
      const response = await fetch(`${origin}/things`, { headers: { 'x-api-key': token } })
      assert.equal(response.status, 200)
      socket.destroy()
    }),
  ]
}

const BODY = 'a body of 20 bytes..'

/** The head of a request as JDK 17 sends it, byte for byte, which prefers HTTP/2 unless it is told otherwise. */
function offer(method: string, target: string, fields: readonly string[], token: string): string {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Connection: Upgrade, HTTP2-Settings',
    ...fields,
    'Host: 127.0.0.1:35189',
    'HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA',
    'Upgrade: h2c',
    'User-Agent: Java-http-client/17.0.15',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** As Apache HttpClient 5.4 sends it, which offers TLS with every request over plain TCP (RFC 2817). */
function offerByApache(method: string, target: string, protocols: string, token: string): string {
  const body = method === 'POST' ? BODY : ''
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Accept-Encoding: gzip, x-gzip, deflate',
    ...(body === '' ? [] : [`Content-Length: ${body.length}`, 'Content-Type: text/plain; charset=UTF-8']),
    'Host: 127.0.0.1:35189',
    'Connection: Upgrade, keep-alive',
    `Upgrade: ${protocols}`,
    `Authorization: Bearer ${token}`,
    'User-Agent: Apache-HttpClient/5.4.1 (Java/17.0.15)',
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

function assertNoUpgrade({ seen }: Scene): void {
  assert.doesNotMatch(JSON.stringify(seen.head?.rawHeaders), /upgrade|http2-settings|h2c|tls/i)
}

function connectTo(origin: string): Socket {
  const { hostname, port } = new URL(origin)
  return connect(Number(port), hostname)
}

const KEY = ['sec-websocket-version: 13', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==']

async function shakeHands(
  origin: string,
  target: string,
  headers: readonly string[],
  protocol = 'websocket',
): Promise<{ status: string; socket: Socket }> {
  const socket = connectTo(origin)
  const lines = [
    `GET ${target} HTTP/1.1`,
    'host: localhost',
    'connection: Upgrade',
    `upgrade: ${protocol}`,
    ...(protocol === 'websocket' ? KEY : []),
    ...headers,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  return { status: String(answer).slice(0, 'HTTP/1.1 101'.length), socket }
}
