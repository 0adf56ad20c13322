import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { type Gate, type Identity, PortcullisError } from '@portcullis/core'
import { guardServer, requestOf, sendResponse, viewOf } from '@portcullis/core/http'
import { type Recheck, recheckFor } from '@portcullis/core/proxy'
import { Agent, request } from 'undici'

/** What goes to the upstream and what comes back. A list of what must not would forget something. */
const SENT = ['accept', 'anthropic-version', 'content-length', 'content-type', 'user-agent']
const RETURNED = ['cache-control', 'content-encoding', 'content-length', 'content-type', 'retry-after']

/** A proxy that takes every step of the gate by hand and forwards with undici. */
export function proxyWithUndici(gate: Gate, upstream: string): Server {
  const agent = new Agent()
  const recheck = recheckFor(gate)
  const server = createServer(async (req, res) => {
    try {
      const answer = await letIn(gate, req)
      if (answer instanceof Response) await sendResponse(answer, req, res)
      else await forward({ agent, upstream, recheck }, req, res, answer)
    } catch (cause) {
      if (res.headersSent || res.destroyed) res.destroy()
      else await sendResponse(gate.refuse(cause, pathOf(req)), req, res)
    }
  })
  guardServer(server, gate)
  return server.once('close', () => {
    recheck.close()
    void agent.destroy()
  })
}

interface Forwarding {
  readonly agent: Agent
  readonly upstream: string
  readonly recheck: Recheck
}

/** Who may go on, or what the gate answers instead. */
async function letIn(gate: Gate, req: IncomingMessage): Promise<Identity | Response> {
  if (gate.owns(pathOf(req))) return gate.handle(requestOf(req, gate.publicUrl))
  const decision = await gate.authenticate(viewOf(req))
  switch (decision.outcome) {
    case 'allow':
      return decision.identity
    case 'deny':
      return gate.refuse(decision.denial, pathOf(req))
    case 'login':
      return new Response(null, { status: 302, headers: { location: decision.location } })
  }
}

async function forward(
  { agent: dispatcher, upstream, recheck }: Forwarding,
  req: IncomingMessage,
  res: ServerResponse,
  identity: Identity,
): Promise<void> {
  const gone = new AbortController()
  const unwatch = recheck.watch(identity, () => res.destroy())
  res.once('close', () => {
    unwatch()
    gone.abort()
  })
  const hasBody = 'content-length' in req.headers || 'transfer-encoding' in req.headers
  const response = await request(upstream + req.url, {
    dispatcher,
    method: req.method ?? 'GET',
    headers: { ...only(SENT, req.headers), 'x-portcullis-email': identity.email },
    body: hasBody ? req : null,
    signal: gone.signal,
  }).catch((cause: unknown) => {
    throw new PortcullisError('upstream_unavailable', 'The upstream did not answer', { cause })
  })
  res.writeHead(response.statusCode, only(RETURNED, response.headers))
  res.flushHeaders()
  await pipeline(response.body, res)
}

function only<Value>(names: readonly string[], headers: Record<string, Value | undefined>) {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name]
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? ''
}
