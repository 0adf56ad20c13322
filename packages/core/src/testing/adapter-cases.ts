import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGate, type Gate } from '../gate.js'
import { createForwarder, type Forwarder } from '../proxy/forward.js'
import { memoryStore } from '../store/memory.js'

/** What an adapter mounts for a case: the gate first, then everything it lets through goes to the forwarder. */
export interface AdapterParts {
  readonly gate: Gate
  readonly forwarder: Forwarder
  /** Mount the framework's JSON body parser before the gate, as people do by mistake. */
  readonly bodyParserFirst: boolean
  /** Where to mount the gate and the forwarder; `/` or a prefix such as `/prefix`. */
  readonly mountAt: string
}

export interface AdapterServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  close(): Promise<void>
}

export interface AdapterCase {
  readonly name: string
  run(): Promise<void>
}

interface Scene {
  readonly origin: string
  readonly gate: Gate
  readonly token: string
  /** What the upstream was sent. */
  readonly seen: { head?: IncomingMessage; body: string; isAborted: boolean }
}

const SECRETS = ['p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u', 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o']

/**
 * What every adapter promises, as cases for any test runner, on `node:assert`. `startServer` builds a server of the
 * adapter's framework from the parts and listens on loopback.
 */
export function adapterCases(startServer: (parts: AdapterParts) => Promise<AdapterServer>): AdapterCase[] {
  const a = (
    name: string,
    prove: (scene: Scene) => Promise<void>,
    options: Partial<Pick<AdapterParts, 'bodyParserFirst' | 'mountAt'>> = {},
  ): AdapterCase => ({ name, run: () => onStage(startServer, options, prove) })

  return [
    a('a call without a credential gets a challenge and a problem body', async ({ origin }) => {
      const response = await fetch(`${origin}/things`)
      assert.equal(response.status, 401)
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer realm=/)
      assert.equal(response.headers.get('content-type'), 'application/problem+json')
      assert.equal(((await response.json()) as { code: string }).code, 'credentials_missing')
    }),
    a('the gate answers its own paths, HEAD included', async ({ origin, token }) => {
      assert.equal((await fetch(`${origin}/health`)).status, 200)
      assert.equal((await fetch(`${origin}/health`, { method: 'HEAD' })).status, 200)
      const user = await fetch(`${origin}/oauth2/userinfo`, { headers: { 'x-api-key': token } })
      assert.equal(((await user.json()) as { email: string }).email, 'ada@example.com')
    }),
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
      const body = `{"text":"é\\u0000😀","again":1,  "again":2}${' '.repeat(200_000)}`
      const headers = { 'x-api-key': token, 'content-type': 'application/json' }
      const response = await fetch(`${origin}/things`, { method: 'POST', headers, body })
      assert.equal(response.status, 200)
      assert.equal(seen.body, body)
    }),
    a('the gate sets its cookies, and the upstream none on the gate’s origin', async ({ origin, token }) => {
      const response = await fetch(`${origin}/cookies`, { headers: { 'x-api-key': token } })
      assert.deepEqual(response.headers.getSetCookie(), [])
      const own = await fetch(`${origin}/oauth2/sign_out`, {
        headers: { 'sec-fetch-site': 'same-origin' },
        redirect: 'manual',
      })
      assert.equal(own.headers.getSetCookie().length, 1)
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
    a('a path that two parsers could read differently is refused', async ({ origin, token }) => {
      for (const path of ['/things/../oauth2/userinfo', '//things', '/things%2fx', '/%74hings'])
        assert.equal(await statusOf(origin, path, { 'x-api-key': token }), 400, path)
    }),
    a('two different credentials are refused', async ({ origin, token }) => {
      const headers = { authorization: `Bearer ${token}`, 'x-api-key': 'another' }
      assert.equal(await statusOf(origin, '/things', headers), 400)
    }),
    a(
      'a body parser before the gate is answered with a clear error instead of a hang',
      async ({ origin, token }) => {
        const headers = { 'x-api-key': token, 'content-type': 'application/json' }
        const response = await fetch(`${origin}/things`, { method: 'POST', headers, body: '{"a":1}' })
        assert.equal(response.status, 500)
        assert.equal(((await response.json()) as { code: string }).code, 'body_already_read')
      },
      { bodyParserFirst: true },
    ),
    a(
      'the gate’s own routes work behind a body parser',
      async ({ origin, token }) => {
        const headers = { 'x-api-key': token, 'content-type': 'application/json' }
        const body = JSON.stringify({ token_name: 'behind a parser', scopes: ['api'] })
        const response = await fetch(`${origin}/api/token/generate`, { method: 'POST', headers, body })
        assert.equal(response.status, 201)
        assert.equal(((await response.json()) as { token_name: string }).token_name, 'behind a parser')
      },
      { bodyParserFirst: true },
    ),
    a(
      'under a prefix the whole path is checked and forwarded',
      async ({ origin, token, seen }) => {
        const response = await fetch(`${origin}/prefix/things`, { headers: { 'x-api-key': token } })
        assert.equal(response.status, 200)
        assert.equal(seen.head?.url, '/prefix/things')
      },
      { mountAt: '/prefix' },
    ),
  ]
}

async function onStage(
  startServer: (parts: AdapterParts) => Promise<AdapterServer>,
  { bodyParserFirst = false, mountAt = '/' }: Partial<Pick<AdapterParts, 'bodyParserFirst' | 'mountAt'>>,
  prove: (scene: Scene) => Promise<void>,
): Promise<void> {
  const seen: Scene['seen'] = { body: '', isAborted: false }
  const upstream = await startUpstream(seen)
  const [secret = '', signing = ''] = SECRETS
  const gate = await createGate({
    store: memoryStore(),
    publicUrl: 'http://localhost',
    secret,
    keys: [{ algorithm: 'HS256', secret: signing }],
  })
  const forwarder = createForwarder({
    upstream: { url: originOf(upstream) },
    stillAllowed: gate.stillAllowed,
  })
  const server = await startServer({ gate, forwarder, bodyParserFirst, mountAt })
  try {
    const issued = await gate.tokens.issue({ account: 'ada@example.com', scopes: ['api', 'tokens:write'] })
    assert.ok(issued.ok)
    await prove({ origin: server.origin, gate, token: issued.value.token, seen })
  } finally {
    await forwarder.close()
    await server.close()
    await gate.close()
    upstream.closeAllConnections()
    upstream.close()
  }
}

/** Remembers what it is sent; `/events` writes one event, and the next once `/go-on` was called. */
async function startUpstream(seen: Scene['seen']): Promise<Server> {
  let goOn = () => {}
  const server = createServer((req, res) => {
    seen.head = req
    req.setEncoding('utf8').on('data', (chunk: string) => {
      seen.body += chunk
    })
    if (req.url === '/events') {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
      goOn = () => res.write('data: 2\n\n')
      res.once('close', () => {
        seen.isAborted = true
      })
      return
    }
    if (req.url === '/go-on') goOn()
    if (req.url === '/cookies') res.setHeader('set-cookie', ['a=1', 'b=2'])
    req.on('end', () => res.end('done'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** `fetch` would tidy the path up first. */
function statusOf(
  origin: string,
  path: string,
  headers: Record<string, string>,
): Promise<number | undefined> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .once('error', reject)
      .end()
  })
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !holds(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(holds(), 'it did not happen within a second')
}
