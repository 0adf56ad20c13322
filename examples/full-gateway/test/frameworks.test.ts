import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import { createGate, memoryStore } from '@portcullis/core'
import { createForwarder } from '@portcullis/core/proxy'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Framework, loadFramework } from '../src/frameworks.js'
import { createLogger } from '../src/logging.js'
import { readSettings } from '../src/settings.js'
import { signingKeys } from '../src/signing.js'
import { openStore } from '../src/store.js'
import { type RunningGateway, runGateway } from './gateway-fixture.js'
import { freePort } from './process-fixture.js'

const SECRETS = {
  SESSION_SECRET: 'p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u',
  JWT_SECRET: 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o',
}

/** Mints a token into the store of a gateway that has not started yet: nobody needs to log in. */
async function mintBeforehand(env: Record<string, string>): Promise<string> {
  const settings = readSettings(env)
  const gate = await createGate({
    store: openStore(settings),
    publicUrl: settings.publicUrl ?? '',
    secret: SECRETS.SESSION_SECRET,
    keys: await signingKeys(settings),
  })
  const issued = await gate.tokens.issue({ account: 'user@example.com', scopes: ['api'] })
  await gate.close()
  if (!issued.ok) throw new Error(issued.denial.code)
  return issued.value.token
}

describe.each<Framework>(['express', 'koa', 'fastify'])('the gateway on %s', (framework) => {
  let directory: string
  let gateway: RunningGateway
  let token: string

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), `portcullis-${framework}-`))
    const env = { ...SECRETS, DATA_DIR: directory, FRAMEWORK: framework, PORT: String(await freePort()) }
    token = await mintBeforehand(env)
    gateway = await runGateway(env)
  })
  afterAll(async () => {
    await gateway.stop()
    await rm(directory, { recursive: true })
  })

  const message = {
    model: 'claude-opus-4-5',
    max_tokens: 200,
    messages: [{ role: 'user' as const, content: 'Hello' }],
  }
  const anthropic = () =>
    new Anthropic({ baseURL: gateway.url, authToken: token, apiKey: null, maxRetries: 0 })

  it('refuses strangers in the words of the API that they call', async () => {
    const response = await fetch(`${gateway.url}/v1/messages`, { method: 'POST' })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm=/)
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } })
  })

  it('lets a token call, and streams', async () => {
    const answer = await anthropic().messages.create(message)
    expect(answer.content[0]).toMatchObject({ type: 'text' })
    const texts: string[] = []
    const stream = anthropic()
      .messages.stream(message)
      .on('text', (text) => texts.push(text))
    expect(await stream.finalText()).toBe(texts.join(''))
    expect(texts.length).toBeGreaterThan(1)
  })

  it('leads a browser from its root to the token page, and says that it is ready', async () => {
    const root = await fetch(`${gateway.url}/`, { redirect: 'manual' })
    expect([root.status, root.headers.get('location')]).toEqual([302, '/token-manager'])
    expect((await fetch(`${gateway.url}/ready`)).status).toBe(200)
  })

  it('refuses a target that cannot be decoded with a problem', async () => {
    const asked = request({ port: new URL(gateway.url).port, path: '/v1/%ff', agent: false }).end()
    const response = await new Promise<IncomingMessage>((resolve) => asked.once('response', resolve))
    expect(response.statusCode).toBe(400)
    let body = ''
    for await (const chunk of response) body += chunk
    expect(JSON.parse(body)).toMatchObject({ error: expect.anything() })
    expect(response.headers['cache-control']).toBe('no-store')
  })

  it('logs nothing that a client alone did wrong as an error', async () => {
    const port = Number(new URL(gateway.url).port)
    const tell = async (head: string) => {
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      socket.write(`${head}\r\n\r\n`)
      const [answer] = (await once(socket, 'data')) as [Buffer]
      socket.destroy()
      return Number(String(answer).split(' ')[1])
    }
    const handshake = 'connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: eA=='
    expect([
      await tell('GET /v1/models HTTP/1.0'),
      await tell('GET /v1/models HTTP/2.0\r\nhost: x'),
      await tell(`GET /v1/models HTTP/1.0\r\n${handshake}`),
      await tell('POST /v1/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip'),
    ]).toEqual([401, 505, 505, 400])
    await fetch(`${gateway.url}/health`)
    expect(gateway.logged()).not.toMatch(/"level":"(error|fatal)"/)
    expect(gateway.logged()).not.toMatch(/"level":"warn".*"msg":"request"/)
  })

  it('logs each request once, with who made it', async () => {
    await anthropic().messages.create(message)
    const lines = gateway
      .logged()
      .split('\n')
      .filter((line) => line.includes('"msg":"request"') && line.includes('/v1/messages'))
      .map((line) => JSON.parse(line) as { account?: string; status: number })
    expect(lines.at(-1)).toMatchObject({ account: 'user@example.com', status: 200, method: 'POST' })
    expect(lines.filter(({ status }) => status === 401)).toHaveLength(1)
  })

  it('says that it is no longer ready once it drains, and answers everything else as ever', async () => {
    const gate = await createGate({
      store: memoryStore(),
      publicUrl: 'http://localhost',
      secret: SECRETS.SESSION_SECRET,
      keys: [{ algorithm: 'HS256', secret: SECRETS.JWT_SECRET }],
    })
    const forwarder = createForwarder(gate, { upstream: { url: gateway.upstream.url } })
    const wire = await loadFramework(framework)
    const log = createLogger('silent')
    const server = createServer(await wire({ gate, forwarder, log, isDraining: () => true }))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const ready = await fetch(`${url}/ready`)
    expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await ready.json()).toEqual({ status: 'draining' })
    expect((await fetch(`${url}/health`)).status).toBe(200)
    server.closeAllConnections()
    server.close()
    await forwarder.close()
    await gate.close()
  })
})
