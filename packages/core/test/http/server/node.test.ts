import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { GateEvent } from '../../../src/context/event.js'
import { PortcullisError } from '../../../src/errors/portcullis-error.js'
import { createGate } from '../../../src/gate/create-gate.js'
import type { Gate } from '../../../src/gate/gate.js'
import { type Handler, listener } from '../../../src/http/server/node.js'
import { memoryStore } from '../../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from '../../gate/gate-fixture.js'

let server: Server
let gate: Gate
let events: GateEvent[]
let token: string

async function start(handler: Handler, change: (gate: Gate) => Gate = (same) => same) {
  events = []
  gate = await createGate({
    store: memoryStore(),
    publicUrl: 'http://localhost',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    onEvent: (event) => event.level === 'error' && events.push(event),
  })
  server = createServer(listener(change(gate), handler)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issued = await gate.tokens.issue({ account: 'ada@example.com' })
  token = issued.ok ? issued.value.token : ''
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/things`
  return () => fetch(url, { headers: { 'x-api-key': token } })
}

afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await gate.close()
})

describe('a listener of node:http', () => {
  it('tells its handler who is calling', async () => {
    const call = await start((_req, res, { email }) => res.end(email))
    expect(await (await call()).text()).toBe('ada@example.com')
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('sensitive detail')
      },
    ],
    ['rejects', () => Promise.reject(new Error('sensitive detail'))],
  ] as const)(
    'answers 500 with a problem when its handler %s, and says why in the log alone',
    async (_, fail) => {
      const call = await start((_req, res) => {
        res.setHeader('content-length', 5).setHeader('x-kept', 'yes')
        return fail()
      })
      const response = await call()
      expect(response.status).toBe(500)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(response.headers.get('x-kept')).toBe('yes')
      const body = await response.text()
      expect(JSON.parse(body)).toMatchObject({ code: 'internal_error' })
      expect(body).not.toContain('sensitive')
      expect(events).toMatchObject([{ level: 'error', code: 'internal_error', cause: expect.any(Error) }])
    },
  )

  it('calls nobody for what was sent behind a request that ends its connection (RFC 9112 §9.6)', async () => {
    const called: unknown[] = []
    const call = await start((req, res) => res.end(String(called.push(req.url))))
    await (await call()).text()
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const credential = `host: localhost\r\nx-api-key: ${token}\r\n`
    socket.write(`GET /a HTTP/1.1\r\n${credential}host: b\r\n\r\nGET /behind HTTP/1.1\r\n${credential}\r\n`)
    const [text] = await once(socket, 'data')
    expect(String(text)).toMatch(/^HTTP\/1\.1 400 /)
    await once(socket.resume(), 'close')
    expect(called).toEqual(['/things'])
  })

  it('answers 503 when its handler could not reach the store', async () => {
    const call = await start(() => Promise.reject(new PortcullisError('store_unavailable', 'down')))
    const response = await call()
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
  })

  it('breaks off a response that has begun, and reports why', async () => {
    const call = await start((_req, res) => {
      res.write('half')
      throw new Error('broken')
    })
    await expect(call().then((response) => response.text())).rejects.toThrow()
    expect(events).toHaveLength(1)
  })

  it('breaks off rather than hang when even a refusal fails', async () => {
    const refuse = () => {
      throw new Error('broken')
    }
    const call = await start(
      () => {
        throw new Error('broken')
      },
      (whole) => ({ ...whole, refuse }),
    )
    await expect(call()).rejects.toThrow()
  })
})
