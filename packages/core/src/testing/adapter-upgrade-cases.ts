import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { AdapterCase, Promised } from './adapter-stage.js'

/** WebSockets on the server of the adapter, guarded by `guardUpgrades` and passed on by the forwarder. */
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
    a('an offer of h2c is ignored, and the connection goes on', async ({ origin, token, seen }) => {
      const body = 'a body of 20 bytes..'
      const offering = [
        'POST /things HTTP/1.1',
        'Host: localhost',
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
        `Authorization: Bearer ${token}`,
        `Content-Length: ${body.length}`,
      ]
      const { hostname, port } = new URL(origin)
      const socket = connect(Number(port), hostname)
      for (let times = 0; times < 20; times++) {
        seen.body = ''
        socket.write(`${offering.join('\r\n')}\r\n\r\n${body.slice(0, 7)}`)
        await new Promise((resolve) => setImmediate(resolve))
        socket.write(body.slice(7))
        const [answer] = await once(socket, 'data')
        assert.match(String(answer), /^HTTP\/1\.1 200 /)
        assert.equal(seen.body, body)
        assert.equal(seen.head?.headers.upgrade, undefined)
        assert.equal(seen.head?.headers['http2-settings'], undefined)
      }
      socket.destroy()
    }),
    a('an offer of h2c lets nobody in', async ({ origin, seen }) => {
      const { status, socket } = await shakeHands(origin, '/things', [], 'h2c')
      assert.equal(status, 'HTTP/1.1 401')
      assert.equal(seen.head, undefined)
      socket.destroy()
    }),
    a('requests are answered beside a WebSocket', async ({ origin, token }) => {
      const { socket } = await shakeHands(origin, '/live', [`x-api-key: ${token}`])
      const response = await fetch(`${origin}/things`, { headers: { 'x-api-key': token } })
      assert.equal(response.status, 200)
      socket.destroy()
    }),
  ]
}

const KEY = ['sec-websocket-version: 13', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==']

async function shakeHands(
  origin: string,
  target: string,
  headers: readonly string[],
  protocol = 'websocket',
): Promise<{ status: string; socket: Socket }> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
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
