import { once } from 'node:events'
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import type { Identity } from '../../src/authentication/identity.js'
import type { GateEvent } from '../../src/context/event.js'
import { createForwarder, type Forwarder, type ForwardingGate } from '../../src/proxy/forwarder.js'
import type { ForwardOptions } from '../../src/proxy/options.js'

export const ANNA = Object.freeze<Identity>({
  accountId: 'anna@example.com',
  email: 'anna@example.com',
  name: 'Anna',
  groups: ['staff'],
  role: 'user',
  scopes: ['api'],
  credential: { kind: 'token', id: 'jti-1', issuedAt: 0, expiresAt: 4_102_444_800_000 },
  partition: 'p',
})

/** As the next account, or the same one with another token. */
export const identityOf = (accountId: string, credentialId = 'jti-1'): Identity => ({
  ...ANNA,
  accountId,
  email: accountId,
  credential: { ...ANNA.credential, id: credentialId },
})

export interface Received {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

const releases: (() => Promise<unknown>)[] = []

/** Runs after the test, last first. */
export function afterwards(release: () => Promise<unknown>): void {
  releases.push(release)
}

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterwards(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** A server that answers as told, and remembers what it got. */
export async function startUpstream(
  respond: RequestListener = (_req, res) => res.end('ok'),
): Promise<{ url: string; port: number; received: Received[]; server: Server }> {
  const received: Received[] = []
  const server = createServer(async (req, res) => {
    const body: Buffer[] = []
    try {
      for await (const chunk of req) body.push(chunk as Buffer)
    } catch {
      return
    }
    const { method = '', url = '', rawHeaders, headers } = req
    received.push({ method, target: url, rawHeaders, headers, body: Buffer.concat(body) })
    respond(req, res)
  })
  const port = await listen(server)
  return { url: `http://127.0.0.1:${port}`, port, received, server }
}

/** A TCP server that hands over what it hears and, after the first bytes, says what it is told to. */
export async function startEcho(
  hear: (chunk: string) => void,
  respond: (end: (bytes: string) => void, socket: Socket) => void = (end) => {
    setTimeout(() => end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'), 300)
  },
): Promise<{ port: number }> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let hasResponded = false
    socket.on('data', (chunk) => {
      hear(String(chunk))
      if (hasResponded) return
      hasResponded = true
      respond((bytes) => socket.end(bytes), socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterwards(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0 }
}

export interface Gate {
  readonly port: number
  readonly events: GateEvent[]
  readonly forwarder: Forwarder
  /** Exchanges that `forward` has not yet resolved. */
  readonly running: () => number
}

/** What forwarding asks of a gate, for tests that have none: everybody may stay. */
export function stubGate(more: Partial<ForwardingGate> = {}): ForwardingGate {
  return {
    publicUrl: 'http://gate.test',
    problems: [],
    admissions: [],
    credentialHeaders: [],
    clock: Date.now,
    report: () => {},
    stillAllowed: async () => true,
    ...more,
  }
}

/** A plain node:http server that forwards everything, as whom `who` says. */
export async function startGate(
  options: ForwardOptions,
  more: {
    who?: (req: IncomingMessage) => Identity
    before?: (req: IncomingMessage, res: ServerResponse) => Promise<unknown>
    gate?: Partial<ForwardingGate>
  } = {},
): Promise<Gate> {
  const events: GateEvent[] = []
  const forwarder = createForwarder(
    stubGate({ report: (event) => events.push(event), ...more.gate }),
    options,
  )
  let running = 0
  const server = createServer(async (req, res) => {
    running += 1
    await more.before?.(req, res)
    await forwarder.forward(req, res, more.who?.(req) ?? ANNA)
    running -= 1
  })
  const port = await listen(server)
  afterwards(() => forwarder.close())
  return { port, events, forwarder, running: () => running }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  readonly text: string
}

export function open(port: number, options: RequestOptions = {}): ClientRequest {
  return request({ host: '127.0.0.1', port, agent: false, ...options })
}

/** One exchange, read to its end; rejects when the response breaks off. */
export async function call(
  port: number,
  { body, ...options }: RequestOptions & { body?: string | Buffer } = {},
): Promise<Answer> {
  const outgoing = open(port, options)
  outgoing.end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const whole = Buffer.concat(chunks)
  const { statusCode = 0, headers, rawHeaders } = response
  return { status: statusCode, headers, rawHeaders, body: whole, text: whole.toString() }
}

/** Sends bytes as they are and reads until the other side closes; for what no HTTP client would send. */
export async function callRaw(port: number, bytes: string): Promise<string> {
  const socket = connectTo(port)
  socket.write(bytes, 'latin1')
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    text += String(chunk)
  })
  await once(socket, 'close')
  return text
}

function connectTo(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  afterwards(async () => socket.destroy())
  return socket
}

/** Polls what has no event of its own; a bound, not a sleep. */
export async function until(holds: () => boolean, withinMs = 5_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('It did not happen in time')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export const codeOf = (answer: Pick<Answer, 'text'>): unknown =>
  (JSON.parse(answer.text) as { code?: unknown }).code
