import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type AdapterCase, type Promised, type Scene, until } from './adapter-stage.js'

/** Messages that no client library sends, on a bare socket: what is refused, and what happens to its connection. */
export function hostileCases(a: Promised): AdapterCase[] {
  return [
    ...REFUSED_MESSAGES.map(([what, status, message]) =>
      a(`${what} is refused with ${status}, and what was sent behind it reaches nobody`, async (scene) => {
        const text = await answersTo(scene, message(scene.token) + good(scene.token, '/behind'))
        assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `))
        assert.equal(text.match(/HTTP\/1\.1 \d/g)?.length, 1, text)
        assert.equal(scene.seen.head, undefined)
      }),
    ),
    a('another version of HTTP is refused with 505, also when none is named', async (scene) => {
      for (const line of ['GET /a HTTP/2.0', 'GET /a']) {
        const text = await answersTo(scene, head(line, 'host: a', key(scene.token)))
        assert.match(text, /^HTTP\/1\.1 505 /)
        assert.equal(scene.seen.head, undefined)
      }
    }),
    a('what is sent behind a request that the server itself refuses reaches nobody', async (scene) => {
      const { token } = scene
      const text = await answersTo(
        scene,
        `GET /a HTTP/1.1\r\nx-api-key: ${token}\r\n\r\n${good(token, '/b')}`,
      )
      assert.match(text, /^HTTP\/1\.1 400 /)
      assert.equal(scene.seen.head, undefined)
    }),
    a('a target in absolute-form of the gate’s own origin is that path', async (scene) => {
      const { token, seen } = scene
      for (const target of ['http://localhost/things?a=b', 'HTTP://LOCALHOST:80/things?a=b']) {
        const text = await answersTo(scene, head(`GET ${target} HTTP/1.1`, 'host: other', key(token), CLOSE))
        assert.match(text, /^HTTP\/1\.1 200 /)
        assert.equal(seen.head?.url, '/things?a=b')
      }
      const own = await answersTo(scene, head('GET http://localhost/health HTTP/1.1', 'host: a', CLOSE))
      assert.match(own, /^HTTP\/1\.1 200 /)
    }),
    a('a target in absolute-form of any other origin is refused', async (scene) => {
      for (const target of FOREIGN_TARGETS) {
        const text = await answersTo(
          scene,
          head(`GET ${target} HTTP/1.1`, 'host: a', key(scene.token), CLOSE),
        )
        assert.match(text, /^HTTP\/1\.1 4\d\d /, target)
      }
      assert.equal(scene.seen.head, undefined)
    }),
    a('an Upgrade of HTTP/1.0 is not honoured', async (scene) => {
      const text = await answersTo(scene, head('GET /live HTTP/1.0', key(scene.token), ...UPGRADE))
      assert.match(text, /^HTTP\/1\.1 505 /)
      assert.equal(scene.seen.head, undefined)
    }),
    a(
      'pipelined requests whose client leaves are gone for the upstream too',
      async ({ origin, token, seen }) => {
        const socket = dial(origin)
        socket.write(Array.from({ length: 20 }, () => good(token, '/never')).join(''))
        await until(() => seen.running === 20)
        socket.destroy()
        await until(() => seen.running === 0)
      },
    ),
    a('of pipelined requests no more run at once than a connection may have', async (scene) => {
      const { origin, token, seen } = scene
      const socket = dial(origin)
      socket.write(Array.from({ length: 100 }, () => good(token, '/never')).join(''))
      await until(() => seen.running === 32)
      const other = await fetch(`${origin}/things`, { headers: { 'x-api-key': token } })
      assert.equal(other.status, 200)
      assert.equal(seen.running, 32)
      socket.destroy()
      await until(() => seen.running === 0)
    }),
    a('a page of the upstream cannot act as a page of the gate', async ({ origin, token }) => {
      const { headers } = await fetch(`${origin}/page`, { headers: { 'x-api-key': token } })
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      assert.match(headers.get('content-security-policy') ?? '', /, sandbox$/)
      for (const name of ['refresh', 'x-accel-redirect', 'x-sendfile']) assert.equal(headers.get(name), null)
      assert.equal(headers.get('location'), '/evil.example/x')
    }),
  ]
}

const CLOSE = 'connection: close'
const UPGRADE = [
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
]
const key = (token: string) => `x-api-key: ${token}`

/** What, its status, and the message. */
type Refused = readonly [what: string, status: number, message: (token: string) => string]

const REFUSED_MESSAGES: readonly Refused[] = [
  [
    'a second Host',
    400,
    (token) => head('GET /a HTTP/1.1', 'host: localhost', 'host: localhost', key(token)),
  ],
  ['another second Host', 400, (token) => head('GET /a HTTP/1.1', 'host: a', 'HOST: b', key(token))],
  ...['a b', 'a,b', 'a@b', 'a/b', '', 'a:b', '[::1', '[nonsense]', 'a:80:80', 'a:123456'].map(
    (host): Refused => [
      `the Host “${host}”`,
      400,
      (token) => head('GET /a HTTP/1.1', `host: ${host}`, key(token)),
    ],
  ),
  ...[
    ['content-length: 4', 'transfer-encoding:'],
    ['transfer-encoding: ', 'content-length: 4'],
  ].map(
    (lines): Refused => [
      `“${lines.join('” before “')}”`,
      400,
      (token) => `${head('POST /a HTTP/1.1', 'host: a', key(token), ...lines)}abcd`,
    ],
  ),
  [
    'a Transfer-Encoding in HTTP/1.0',
    400,
    (token) =>
      `${head('POST /a HTTP/1.0', key(token), 'connection: keep-alive', 'transfer-encoding: chunked')}0\r\n\r\n`,
  ],
  [
    'an empty Transfer-Encoding',
    501,
    (t) => head('POST /a HTTP/1.1', 'host: a', key(t), 'transfer-encoding:'),
  ],
  [
    'a length above 2^53 - 1',
    400,
    (token) => head('POST /a HTTP/1.1', 'host: a', key(token), 'content-length: 9007199254740993'),
  ],
]

const FOREIGN_TARGETS = [
  'http://example.com/things',
  'https://localhost/things',
  'http://localhost:8080/things',
  'http://a@localhost/things',
  'http://localhost.example.com/things',
  'http://localhost\\things',
  'http://%6cocalhost/things',
  'http:localhost/things',
  'http://localhost/../things',
  'http://localhost//things',
  'ws://localhost/things',
]

function head(...lines: readonly string[]): string {
  return [...lines, '', ''].join('\r\n')
}

function good(token: string, path: string): string {
  return head(`GET ${path} HTTP/1.1`, 'host: localhost', key(token))
}

function dial(origin: string): Socket {
  const { hostname, port } = new URL(origin)
  return connect(Number(port), hostname).on('error', () => {})
}

/** All that comes back until the server closes the connection. */
async function answersTo({ origin }: Pick<Scene, 'origin'>, bytes: string): Promise<string> {
  const socket = dial(origin)
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
  })
  socket.write(bytes)
  await once(socket, 'close')
  return text
}
