import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGate, type Gate, memoryStore } from '@portcullis/core'
import { guardServer, listener } from '@portcullis/core/http'
import { createForwarder, type Forwarder } from '@portcullis/core/proxy'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { limitCalls } from '../limit-calls.js'

let gate: Gate
let forwarder: Forwarder
let origin: string
const servers: Server[] = []
const waiting = new Map<string, ServerResponse>()
const headers: Record<string, string> = { 'content-type': 'application/json' }

beforeAll(async () => {
  gate = await createGate({
    store: memoryStore(),
    publicUrl: 'http://localhost',
    secret: 'p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u',
    keys: [{ algorithm: 'HS256', secret: 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o' }],
  })
  const issued = await gate.tokens.issue({ account: 'ada@example.com' })
  if (issued.ok) headers.authorization = `Bearer ${issued.value.token}`
  const upstream = await listening(
    createServer((req, res) => req.resume().on('end', () => waiting.set(req.url ?? '', res))),
  )
  forwarder = createForwarder(gate, {
    upstream: { url: upstream },
    admissions: [limitCalls(2, ['small'])],
  })
  const server = createServer(listener(gate, (req, res, identity) => forwarder.forward(req, res, identity)))
  guardServer(server, gate, { upgrade: forwarder.upgrade })
  origin = await listening(server)
})
afterAll(async () => {
  await forwarder.close()
  for (const server of servers) server.closeAllConnections()
  for (const server of servers) server.close()
  await gate.close()
})

async function listening(server: Server): Promise<string> {
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const call = (path: string, model: string, signal: AbortSignal | null = null) =>
  fetch(origin + path, { method: 'POST', headers, body: JSON.stringify({ model }), signal })

const codeOf = async (response: Response) => [
  response.status,
  ((await response.json()) as { code: string }).code,
]

it('an account runs as many calls at once as it may, and one more when one has ended or its client left', async () => {
  const leaving = new AbortController()
  const first = call('/v1/first', 'small', leaving.signal).catch(() => 'left')
  const second = call('/v1/second', 'small')
  await vi.waitFor(() => expect(waiting.size).toBe(2))
  expect(await codeOf(await call('/v1/third', 'small'))).toEqual([429, 'too_many_calls'])
  const gone = once(waiting.get('/v1/first') as ServerResponse, 'close')
  leaving.abort()
  expect(await first).toBe('left')
  await gone
  const third = call('/v1/third', 'small')
  await vi.waitFor(() => expect(waiting.size).toBe(3))
  for (const res of waiting.values()) res.end('done')
  expect(await Promise.all([second, third].map(async (answer) => (await answer).text()))).toEqual([
    'done',
    'done',
  ])
})

it('another model is refused, and so is a body that says two', async () => {
  expect(await codeOf(await call('/v1/first', 'large'))).toEqual([403, 'model_refused'])
  const response = await fetch(`${origin}/v1/messages`, {
    method: 'POST',
    headers,
    body: '{"model":"small","model":"large"}',
  })
  expect(await codeOf(response)).toEqual([400, 'body_unread'])
})
