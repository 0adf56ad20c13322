import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGate } from '../gate/create-gate.js'
import type { Gate } from '../gate/gate.js'
import { guardServer } from '../http/server/guard-server.js'
import { createForwarder, type Forwarder } from '../proxy/forwarder.js'
import { memoryStore } from '../store/memory.js'

/** What an adapter mounts for a case. */
export interface AdapterParts {
  readonly gate: Gate
  readonly forwarder: Forwarder
  /** Before the gate, mount the framework's JSON body parser, as people do by mistake. */
  readonly bodyParserFirst: boolean
  /** Before the gate, mount the framework's CORS middleware, open to every origin. */
  readonly corsFirst: boolean
  /** Before the gate, set the header `x-earlier: kept` and the cookie `earlier=kept`, in the framework's own way. */
  readonly headersFirst: boolean
  /** Where to mount the gate and the forwarder; `/` or a prefix such as `/prefix`. */
  readonly mountAt: string
  /**
   * `forwarded`: the gate, and what it lets through goes to the forwarder. `guarded`: `optional(gate)`, and behind it
   * GET `/open` for everybody, `/admins` behind `requireRole(gate, 'admin')`, `/reports` behind
   * `requireScope(gate, 'reports:read')`, `/staff` behind `requireGroup(gate, 'staff')`; each answers `{ "email": … }` of the identity, null for nobody. Beside them
   * `/alone` behind `requireRole(gate, 'user')` with no gate before it.
   */
  readonly routes: 'forwarded' | 'guarded'
}

export interface AdapterServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  /** What listens there. */
  readonly server: Server
  close(): Promise<void>
}

export interface AdapterCase {
  readonly name: string
  run(): Promise<void>
}

/** Builds a server of the adapter's framework from the parts and listens on loopback. */
export type StartServer = (parts: AdapterParts) => Promise<AdapterServer>

export interface Scene {
  readonly origin: string
  readonly gate: Gate
  /** Of an account that is a mere user, with the scopes `api` and `tokens:write`. */
  readonly token: string
  /** What the upstream was sent. */
  readonly seen: { head?: IncomingMessage; body: string; isAborted: boolean; running: number }
}

export type Setting = Partial<Omit<AdapterParts, 'gate' | 'forwarder'>>

/** How a file of cases is written: a promise, its proof, and what is mounted beyond the plain gate and forwarder. */
export type Promised = (
  name: string,
  prove: (scene: Scene) => Promise<void>,
  setting?: Setting,
) => AdapterCase

/** Of the gate's own routes. */
export const BODY_DEADLINE_MS = 1000

const SECRETS = { secret: 'p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u', signing: 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o' }

/** Starts an upstream, a gate on a memory store and the adapter's server for a proof, and releases them after it. */
export async function onStage(
  startServer: StartServer,
  setting: Setting,
  prove: (scene: Scene) => Promise<void>,
  { secret, signing } = SECRETS,
): Promise<void> {
  const seen: Scene['seen'] = { body: '', isAborted: false, running: 0 }
  const upstream = await startUpstream(seen)
  const gate = await createGate({
    store: memoryStore(),
    publicUrl: 'http://localhost',
    secret,
    keys: [{ algorithm: 'HS256', secret: signing }],
    admins: ['grace@example.com'],
    superAdmins: ['root@example.com'],
    scopes: { 'reports:read': 'Read reports' },
    bodyDeadlineMs: BODY_DEADLINE_MS,
  })
  const forwarder = createForwarder(gate, { upstream: { url: originOf(upstream) } })
  const defaults = { bodyParserFirst: false, corsFirst: false, headersFirst: false } as const
  const server = await startServer({
    gate,
    forwarder,
    ...defaults,
    mountAt: '/',
    routes: 'forwarded',
    ...setting,
  })
  guardServer(server.server, gate, { upgrade: forwarder.upgrade })
  try {
    const token = await tokenFor(gate, 'ada@example.com', ['api', 'tokens:write'])
    await prove({ origin: server.origin, gate, token, seen })
  } finally {
    await forwarder.close()
    await server.close()
    await gate.close()
    upstream.closeAllConnections()
    upstream.close()
  }
}

export async function tokenFor(gate: Gate, account: string, scopes: string[]): Promise<string> {
  const issued = await gate.tokens.issue({ account, scopes })
  assert.ok(issued.ok)
  return issued.value.token
}

/**
 * Remembers what it is sent. `/events` writes one event, and the next once `/go-on` was called; `/waits` answers once
 * `/go-on` was called, and `/never` never. `/page` tries what a page of the gate's origin could do.
 */
async function startUpstream(seen: Scene['seen']): Promise<Server> {
  let goOn = () => {}
  let mayGoOn = false
  const server = createServer((req, res) => {
    seen.head = req
    seen.running += 1
    req.setEncoding('utf8').on('data', (chunk: string) => {
      seen.body += chunk
    })
    res.once('close', () => {
      seen.running -= 1
      seen.isAborted ||= !res.writableFinished
    })
    if (req.url === '/never') return
    if (req.url === '/waits') {
      goOn = () => res.end('done /waits')
      // The two may arrive in either order.
      if (mayGoOn) goOn()
      return
    }
    if (req.url === '/events') {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
      goOn = () => res.write('data: 2\n\n')
      return
    }
    if (req.url === '/go-on') {
      mayGoOn = true
      goOn()
    }
    if (req.url === '/page') {
      res.setHeader('content-security-policy', "script-src 'self'; sandbox allow-scripts allow-same-origin")
      for (const name of ['refresh', 'x-accel-redirect', 'x-sendfile']) res.setHeader(name, '/secret')
      res.setHeader('location', `http://${req.headers.host}//evil.example/x`)
    }
    if (req.url === '/cookies') res.setHeader('set-cookie', ['a=1', 'b=2'])
    const answer = `done ${req.url}`
    res.setHeader('content-length', answer.length)
    req.on('end', () => res.end(answer))
  })
  server.on('upgrade', (req, socket) => {
    seen.head = req
    socket.on('error', () => {})
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n')
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !holds(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(holds(), 'it did not happen within two seconds')
}

/** The `code` of a problem body. */
export async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { code: string }).code
}
