import {
  type Agent,
  type AgentOptions,
  type ClientRequest,
  Agent as HttpAgent,
  IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Readable } from 'node:stream'
import { createProxyServer } from 'http-proxy'
import type { Target } from '../request/head.js'
import type { HeaderFields } from './header-fields.js'
import type { Upstream } from './upstream.js'

/** Who is told what becomes of a request to an upstream. */
export interface Sender {
  sent(request: ClientRequest): void
  received(response: IncomingMessage): void
  failed(cause: unknown): void
}

export interface Outgoing {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly method: string
  readonly target: Target
  readonly headers: HeaderFields
  readonly body: Readable
  readonly upstream: Upstream
}

/** Connections to upstreams, kept open between requests. */
export interface Transport {
  /** `isFresh` takes a connection that was not used before. */
  send(outgoing: Outgoing, sender: Sender, isFresh?: boolean): void
  /** Breaks off every connection, idle or not. */
  close(): void
}

// Below the 5 s after which Node and uvicorn close an idle connection, since a request sent at that moment is lost.
const IDLE_CONNECTION_MS = 4_000

/** Never queues a request: a queue in front of long answers is a wait that nobody sees. */
export function createTransport(): Transport {
  const agents: AgentOptions = {
    keepAlive: true,
    maxFreeSockets: 256,
    timeout: IDLE_CONNECTION_MS,
    scheduling: 'lifo',
  }
  const plain: Agent = new HttpAgent(agents)
  const secure: Agent = new HttpsAgent({ ...agents, rejectUnauthorized: true })
  const byHead = new WeakMap<IncomingMessage, Sender>()
  const proxy = createProxyServer({ selfHandleResponse: true, toProxy: true })
  proxy.on('proxyReq', (request, head) => byHead.get(head)?.sent(request))
  proxy.on('proxyRes', (response, head) => byHead.get(head)?.received(response))
  proxy.on('econnreset', (cause, head) => byHead.get(head)?.failed(cause))

  return {
    send({ req, res, method, target, headers, body, upstream }, sender, isFresh = false) {
      const head = headTo(upstream, target, req)
      byHead.set(head, sender)
      // Without an agent the connection is a new one.
      const agent = isFresh ? {} : { agent: upstream.target.protocol === 'https:' ? secure : plain }
      const options = { target: upstream.target, headers, method, buffer: body, ...agent }
      try {
        proxy.web(head, res, options, (cause) => sender.failed(cause))
      } catch (cause) {
        sender.failed(cause)
      }
    },
    close() {
      plain.destroy()
      secure.destroy()
    },
  }
}

/**
 * What http-proxy reads in place of the inbound request, which stays as it is for loggers. It has neither headers nor
 * a method: all headers come from the options, and http-proxy would give a DELETE with a chunked body the length 0,
 * which makes the body a second request on the same connection.
 */
function headTo(upstream: Upstream, target: Target, req: IncomingMessage): IncomingMessage {
  const head = new IncomingMessage(req.socket)
  head.url = upstreamPath(upstream, target)
  return head
}

export function upstreamPath({ basePath }: Upstream, { path, query }: Target): string {
  return `${basePath}${path}${query === '' ? '' : `?${query}`}`
}
