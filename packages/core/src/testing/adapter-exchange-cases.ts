import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type AdapterCase, type Promised, until } from './adapter-stage.js'

/** How what is let in travels to the upstream, and the answer back. */
export function exchangeCases(a: Promised): AdapterCase[] {
  return [
    a('who is let in reaches the upstream by name, not by credential', async ({ origin, token, seen }) => {
      const response = await fetch(`${origin}/things?beta=true`, {
        headers: {
          authorization: `Bearer ${token}`,
          cookie: 'a=b',
          X_Portcullis_Email: 'forged@example.com',
        },
      })
      assert.equal(response.status, 200)
      assert.equal(seen.head?.url, '/things?beta=true')
      assert.equal(seen.head?.headers['x-portcullis-email'], 'ada@example.com')
      assert.equal(seen.head?.headers.authorization, undefined)
      assert.equal(seen.head?.headers.cookie, undefined)
      assert.ok(!JSON.stringify(seen.head?.rawHeaders).includes('forged'))
    }),
    a('a body arrives as it was sent', async ({ origin, token, seen }) => {
      const body = `{"text":"é\\u0000😀","again":1,  "again":2}${' '.repeat(2_000_000)}`
      const headers = { 'x-api-key': token, 'content-type': 'application/json' }
      const response = await fetch(`${origin}/things`, { method: 'POST', headers, body })
      assert.equal(response.status, 200)
      assert.equal(seen.body, body)
    }),
    a('events arrive one by one, while the upstream is still writing', async ({ origin, token }) => {
      const response = await fetch(`${origin}/events`, { headers: { 'x-api-key': token } })
      const reader = response.body?.getReader()
      const first = await reader?.read()
      assert.equal(Buffer.from(first?.value ?? []).toString(), 'data: 1\n\n')
      await fetch(`${origin}/go-on`, { headers: { 'x-api-key': token } })
      const second = await reader?.read()
      assert.equal(Buffer.from(second?.value ?? []).toString(), 'data: 2\n\n')
    }),
    a('a long path and a query arrive as they were sent', async ({ origin, token, seen }) => {
      const target = `/things/${'%C3%A9'.repeat(100)}/${'a;b=c,'.repeat(50)}?q=a;b&q=%2F&${'x'.repeat(2_000)}`
      const response = await fetch(origin + target, { headers: { 'x-api-key': token } })
      assert.equal(response.status, 200)
      assert.equal(seen.head?.url, target)
    }),
    a(
      'HEAD is forwarded as HEAD, and its answer has the length and no body',
      async ({ origin, token, seen }) => {
        const headers = { 'x-api-key': token }
        const response = await fetch(`${origin}/things`, { method: 'HEAD', headers })
        assert.equal(response.status, 200)
        assert.equal(seen.head?.method, 'HEAD')
        assert.equal(response.headers.get('content-length'), String('done /things'.length))
        assert.equal(await response.text(), '')
      },
    ),
    a('OPTIONS is a request like any other: refused to strangers, forwarded for others', async (scene) => {
      const url = `${scene.origin}/things`
      assert.equal((await fetch(url, { method: 'OPTIONS' })).status, 401)
      const headers = { 'x-api-key': scene.token }
      assert.equal((await fetch(url, { method: 'OPTIONS', headers })).status, 200)
      assert.equal(scene.seen.head?.method, 'OPTIONS')
    }),
    a('a client that goes away is gone for the upstream too', async ({ origin, token, seen }) => {
      const going = new AbortController()
      const response = await fetch(`${origin}/events`, {
        headers: { 'x-api-key': token },
        signal: going.signal,
      })
      await response.body?.getReader().read()
      going.abort()
      await until(() => seen.isAborted)
    }),
    a('a client that goes away before any answer is gone for the upstream too', async (scene) => {
      const going = new AbortController()
      const headers = { 'x-api-key': scene.token }
      const answered = fetch(`${scene.origin}/never`, { headers, signal: going.signal })
      await until(() => scene.seen.head !== undefined)
      going.abort()
      await assert.rejects(answered, { name: 'AbortError' })
      await until(() => scene.seen.isAborted)
      assert.equal((await fetch(`${scene.origin}/things`, { headers })).status, 200)
    }),
    a('pipelined requests are answered in the order in which they came', async ({ origin, token }) => {
      const socket = dial(origin)
      // The upstream answers the second one first.
      socket.write(head('GET /waits', token) + head('GET /go-on', token, 'connection: close'))
      const answers = await textOf(socket)
      assert.equal(answers.match(/HTTP\/1\.1 200 /g)?.length, 2)
      const [first, second] = [answers.indexOf('done /waits'), answers.indexOf('done /go-on')]
      assert.ok(first > 0 && second > first, answers)
    }),
    a('a pipelined request is judged by its own credential alone', async ({ origin, token, seen }) => {
      const socket = dial(origin)
      socket.write(head('GET /things', token) + head('GET /stolen', 'bad', 'connection: close'))
      const answers = await textOf(socket)
      assert.deepEqual(answers.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 401'])
      assert.equal(seen.head?.url, '/things')
    }),
    a('a client that asks before it sends its body is told to go on', async ({ origin, token, seen }) => {
      const socket = dial(origin)
      const more = ['connection: close', 'content-length: 5', 'expect: 100-continue']
      socket.write(head('POST /things', token, ...more))
      const [interim] = (await once(socket, 'data')) as [Buffer]
      assert.match(interim.toString(), /^HTTP\/1\.1 100 /)
      socket.write('hello')
      assert.match(await textOf(socket), /HTTP\/1\.1 200 /)
      assert.equal(seen.body, 'hello')
      assert.equal(seen.head?.headers.expect, undefined)
    }),
  ]
}

function dial(origin: string): Socket {
  const { hostname, port } = new URL(origin)
  return connect(Number(port), hostname)
}

function head(line: string, token: string, ...more: string[]): string {
  return [`${line} HTTP/1.1`, 'host: localhost', `x-api-key: ${token}`, ...more, '', ''].join('\r\n')
}

async function textOf(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}
