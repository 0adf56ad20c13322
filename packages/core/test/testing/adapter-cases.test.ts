import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'vitest'
import { decideFor, decideIfSent } from '../../src/http/server/guards.js'
import { type Answer, listener, sendResponse } from '../../src/http/server/node.js'
import { adapterCases } from '../../src/testing/adapter-cases.js'
import type { AdapterParts } from '../../src/testing/adapter-stage.js'

async function listen(onRequest: RequestListener) {
  const server = createServer(onRequest).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function build(parts: AdapterParts): RequestListener {
  const { gate, forwarder, mountAt } = parts
  const forwarded = listener(gate, (req, res, identity) => forwarder.forward(req, res, identity))
  const served = parts.routes === 'guarded' ? guardedBy(parts) : forwarded
  return async (req, res) => {
    if (parts.headersFirst) res.setHeader('x-earlier', 'kept').appendHeader('set-cookie', 'earlier=kept')
    if (parts.corsFirst && answeredCors(req, res)) return
    if (parts.bodyParserFirst) await readJson(req)
    if (mountAt === '/' || req.url?.startsWith(mountAt)) served(req, res)
    else res.writeHead(404).end()
  }
}

function answeredCors(req: IncomingMessage, res: ServerResponse): boolean {
  res.setHeader('access-control-allow-origin', '*')
  if (req.method !== 'OPTIONS' || !req.headers['access-control-request-method']) return false
  res.writeHead(204, { 'access-control-allow-methods': '*', 'access-control-allow-headers': '*' }).end()
  return true
}

async function readJson(req: IncomingMessage): Promise<void> {
  if (req.method === 'GET') return
  let text = ''
  for await (const chunk of req) text += chunk
  Object.assign(req, { body: JSON.parse(text) })
}

function guardedBy({ gate }: AdapterParts): RequestListener {
  return async (req, res) => {
    const identity = req.url === '/alone' ? undefined : await decideIfSent(gate, req)
    const answer = identity instanceof Response ? identity : await guard(req, identity)
    if (answer instanceof Response) await sendResponse(answer, req, res)
    else
      res.setHeader('content-type', 'application/json').end(JSON.stringify({ email: answer?.email ?? null }))
  }

  function guard(req: IncomingMessage, identity: Exclude<Answer, Response> | undefined) {
    if (req.url === '/alone') return decideFor(gate, req, identity, { role: 'user' })
    if (req.url === '/admins') return decideFor(gate, req, identity, { role: 'admin' })
    if (req.url === '/reports') return decideFor(gate, req, identity, { scope: 'reports:read' })
    if (req.url === '/staff') return decideFor(gate, req, identity, { group: 'staff' })
    return identity
  }
}

describe('a gate in front of a listener of node:http', () => {
  for (const { name, run } of adapterCases((parts) => listen(build(parts)))) it(name, run)
})
