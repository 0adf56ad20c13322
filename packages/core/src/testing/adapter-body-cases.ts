import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type AdapterCase, BODY_DEADLINE_MS, type Promised, type Scene } from './adapter-stage.js'

const HUNDRED_MB = 100 * 1024 * 1024

/** What becomes of bodies that nobody reads to their end. */
export function bodyCases(a: Promised): AdapterCase[] {
  return [
    a('a client that sends 100 MB where 64 KiB are taken sees the 413', (scene) =>
      seesAnswer(scene, 413, { path: '/api/token/generate', token: scene.token, type: 'application/json' }),
    ),
    a('a client that sends 100 MB of another type sees the 415', (scene) =>
      seesAnswer(scene, 415, { path: '/api/token/generate', token: scene.token, type: 'text/plain' }),
    ),
    a(
      'a client that sends 100 MB with a credential that is none sees the 401, on every path',
      async (scene) => {
        await seesAnswer(scene, 401, { path: '/api/token/generate', token: 'bad', type: 'application/json' })
        await seesAnswer(scene, 401, { path: '/things', token: 'bad', type: 'application/json' })
      },
    ),
    a('a body that trickles is answered 408 at a deadline, and its connection is closed', async (scene) => {
      for (const framing of ['content-length: 1000', 'transfer-encoding: chunked']) {
        const began = performance.now()
        const socket = dial(scene.origin)
        socket.write(head('/api/token/generate', scene.token, 'content-type: application/json', framing))
        const trickle = setInterval(() => socket.write(framing.includes('chunked') ? '1\r\nx\r\n' : 'x'), 50)
        try {
          assert.match(await textOf(socket), /^HTTP\/1\.1 408 /)
        } finally {
          clearInterval(trickle)
          socket.destroy()
        }
        assert.ok(performance.now() - began < BODY_DEADLINE_MS + 2000)
      }
    }),
    a('after a body that was refused the connection goes on with the next request', async (scene) => {
      const socket = dial(scene.origin)
      const more = ['content-type: text/plain', 'content-length: 100000']
      socket.write(head('/api/token/generate', scene.token, ...more))
      socket.write('x'.repeat(100_000))
      socket.write(head('/things', scene.token, 'content-length: 0', 'connection: close'))
      const answers = (await textOf(socket)).match(/HTTP\/1\.1 \d+/g)
      assert.deepEqual(answers, ['HTTP/1.1 415', 'HTTP/1.1 200'])
    }),
  ]
}

interface Upload {
  readonly path: string
  readonly token: string
  readonly type: string
}

/** As simple clients do it: everything is sent before anything is read. */
async function seesAnswer({ origin }: Scene, status: number, { path, token, type }: Upload): Promise<void> {
  const socket = dial(origin)
  const more = [`content-type: ${type}`, `content-length: ${HUNDRED_MB}`, 'connection: close']
  socket.write(head(path, token, ...more))
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  for (let sent = 0; sent < HUNDRED_MB; sent += chunk.length)
    if (!socket.write(chunk)) await once(socket, 'drain')
  assert.match(await textOf(socket), new RegExp(`^HTTP/1\\.1 ${status} `))
}

function dial(origin: string): Socket {
  const { hostname, port } = new URL(origin)
  return connect(Number(port), hostname)
}

function head(path: string, token: string, ...more: string[]): string {
  return [`POST ${path} HTTP/1.1`, 'host: localhost', `x-api-key: ${token}`, ...more, '', ''].join('\r\n')
}

async function textOf(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}
