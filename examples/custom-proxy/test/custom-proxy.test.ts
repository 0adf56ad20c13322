import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGate, type Gate, memoryStore } from '@portcullis/core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { proxyWithHttpProxy } from '../with-http-proxy.js'
import { proxyWithUndici } from '../with-undici.js'

let gate: Gate
let token: string
let upstream: Server
let seen: { head?: IncomingMessage; body: string; isAborted: boolean }
let goOn: () => void

beforeAll(async () => {
  gate = await createGate({
    store: memoryStore(),
    publicUrl: 'http://localhost',
    secret: 'p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u',
    keys: [{ algorithm: 'HS256', secret: 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o' }],
  })
  const issued = await gate.tokens.issue({ account: 'ada@example.com' })
  token = issued.ok ? issued.value.token : ''
  upstream = createServer((req, res) => {
    seen.head = req
    req.setEncoding('utf8').on('data', (chunk: string) => {
      seen.body += chunk
    })
    res.once('close', () => {
      seen.isAborted ||= !res.writableFinished
    })
    if (req.url === '/never') return
    if (req.url === '/events') {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
      goOn = () => res.end('data: 2\n\n')
      return
    }
    req.on('end', () => res.setHeader('set-cookie', 'a=1').end(`done ${req.url}`))
  })
  await listening(upstream)
})
afterAll(async () => {
  upstream.closeAllConnections()
  upstream.close()
  await gate.close()
})

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe.each([
  ['undici', proxyWithUndici],
  ['http-proxy', proxyWithHttpProxy],
])('a proxy of one’s own with %s', (library, proxyWith) => {
  let server: Server
  let origin: string

  beforeEach(async () => {
    seen = { body: '', isAborted: false }
    server = proxyWith(gate, `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`)
    origin = await listening(server)
  })
  afterEach(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })

  const call = (path: string, init: RequestInit = {}) =>
    fetch(origin + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } })

  it('refuses strangers with a challenge, and asks the upstream nothing', async () => {
    const response = await fetch(`${origin}/things`)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm=/)
    expect(seen.head).toBeUndefined()
  })

  it('answers the paths of the gate', async () => {
    expect((await fetch(`${origin}/health`)).status).toBe(200)
    const own = await call('/oauth2/userinfo')
    expect(await own.json()).toMatchObject({ email: 'ada@example.com' })
  })

  it('tells the upstream who calls, and shows it neither credential nor cookie nor a forged name', async () => {
    const headers = {
      cookie: 'a=b',
      'X-Portcullis-Email': 'forged@example.com',
      connection: 'x-portcullis-email',
    }
    const response = await call('/things?beta=true', { headers })
    expect(await response.text()).toBe('done /things?beta=true')
    expect(response.headers.getSetCookie()).toEqual([])
    expect(seen.head?.headers['x-portcullis-email']).toBe('ada@example.com')
    expect(JSON.stringify(seen.head?.rawHeaders)).not.toMatch(/forged|cookie|authorization|Bearer/i)
  })

  it('sends a body on as it was sent', async () => {
    const body = `{"text":"é😀"}${' '.repeat(200_000)}`
    await call('/things', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    expect(seen.body).toBe(body)
  })

  it('streams events one by one', async () => {
    const reader = (await call('/events')).body?.getReader()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: 1\n\n')
    goOn()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: 2\n\n')
  })

  it('cuts a stream that runs when its account is banned, and lets go of the upstream', async () => {
    const account = `bea@${library}.example.com`
    const issued = await gate.tokens.issue({ account })
    const authorization = `Bearer ${issued.ok ? issued.value.token : ''}`
    const reader = (await call('/events', { headers: { authorization } })).body?.getReader()
    await reader?.read()
    await gate.standing.ban({ account, by: { service: 'test' } })
    await expect(reader?.read()).rejects.toThrow()
    await vi.waitFor(() => expect(seen.isAborted).toBe(true))
  })

  it.each(['/events', '/never'])('lets go of the upstream when the client leaves %s', async (path) => {
    const going = new AbortController()
    const answered = call(path, { signal: going.signal })
    await vi.waitFor(() => expect(seen.head?.url).toBe(path))
    if (path === '/events') await answered
    going.abort()
    await answered.catch(() => {})
    await vi.waitFor(() => expect(seen.isAborted).toBe(true))
  })

  it('refuses a path that two parsers could read differently', async () => {
    const { port } = new URL(origin)
    const headers = { authorization: `Bearer ${token}` }
    const asked = request({ port, path: '/things/../admin', headers, agent: false }).end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    expect(response.resume().statusCode).toBe(400)
    expect(seen.head).toBeUndefined()
  })

  it('answers 502 when the upstream cannot be reached', async () => {
    const lonely = proxyWith(gate, 'http://127.0.0.1:1')
    const url = await listening(lonely)
    const response = await fetch(`${url}/things`, { headers: { 'x-api-key': token } })
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ code: 'upstream_unavailable' })
    lonely.closeAllConnections()
    lonely.close()
  })

  it('never makes a second request of the body of the first', async () => {
    const body = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n'
    const headers = { authorization: `Bearer ${token}`, 'transfer-encoding': 'chunked' }
    const { port } = new URL(origin)
    const asked = request({ port, method: 'DELETE', path: '/things', headers, agent: false })
    asked.end(body)
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    expect(seen.head?.url).not.toBe('/smuggled')
    expect(['', body]).toContain(seen.body)
  })
})
