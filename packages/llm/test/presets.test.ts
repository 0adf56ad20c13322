import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGate, type Gate, memoryStore } from '@portcullis/core'
import { listener } from '@portcullis/core/http'
import { createForwarder, DEFAULT_IDENTITY_HEADERS } from '@portcullis/core/proxy'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { liteLlmRoles, llmHeaders, llmUsage } from '../src/index.js'

const USER = 'user@example.com'

const closing: (() => Promise<unknown>)[] = []
let received: IncomingHttpHeaders = {}
let upstream: string
let gate: Gate
let token: string

async function listen(serve: RequestListener): Promise<string> {
  const server: Server = createServer(serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  upstream = await listen((req, res) => {
    received = req.headers
    res.setHeader('x-litellm-model-api-base', 'http://10.0.0.1').setHeader('x-litellm-end-user-id', USER)
    res.setHeader('x-litellm-call-id', 'c1').end()
  })
  gate = await createGate({
    store: memoryStore(),
    publicUrl: 'http://localhost',
    secret: 'f3Yq0wXn7ZrT5kLb2VhJ8cPdGm4sQaEu',
    keys: [{ algorithm: 'HS256', secret: 'Jw6TzBq1Rv8NxK3mHy5LcGd0SfPa9EuO' }],
  })
  const issued = await gate.tokens.issue({ account: USER, by: { service: 'test' } })
  if (!issued.ok) throw new Error(issued.denial.code)
  token = issued.value.token
})
afterAll(async () => {
  for (const close of closing.reverse()) await close()
  await gate?.close()
})

async function forward(headers: Record<string, string>, options: { allowRequestHeaders?: string[] } = {}) {
  const forwarder = createForwarder(gate, { upstream: { url: upstream }, ...llmHeaders(), ...options })
  closing.push(() => forwarder.close())
  const url = await listen(listener(gate, forwarder.forward))
  received = {}
  const answer = await fetch(`${url}/v1/x`, { headers: { authorization: `Bearer ${token}`, ...headers } })
  expect(answer.status).toBe(200)
  return answer.headers
}

/** One name of each family, beside those that core's own rule covers. */
const CLAIMS = [
  'x-litellm-end-user-id',
  'x-litellm-tags',
  'x-litellm-api-key',
  'x-litellm-cache-ttl',
  'x-openwebui-chat-id',
  'x-portkey-config',
  'x-bf-provider',
  'x-tfy-log',
  'helicone-property-cost',
  'cf-aig-cache-ttl',
  'openai-organization',
  'openai-project',
]
const forged = Object.fromEntries(CLAIMS.map((name) => [name, 'forged']))

describe('llmHeaders', () => {
  it('takes from callers what an LLM gateway would charge, limit, log or route by', async () => {
    await forward({ ...forged, X_LiteLLM_Tags: 'forged', 'openai-beta': 'kept', 'anthropic-version': 'kept' })
    expect(Object.values(received)).not.toContain('forged')
    expect(received).toMatchObject({ 'openai-beta': 'kept', 'anthropic-version': 'kept' })
  })

  it('tells LiteLLM who calls, beside the headers of core', async () => {
    await forward(forged)
    expect(received).toMatchObject({ 'x-litellm-end-user-id': USER, 'x-portcullis-user': USER })
    expect(llmHeaders().identityHeaders).toEqual({
      'x-litellm-end-user-id': 'accountId',
      ...DEFAULT_IDENTITY_HEADERS,
    })
  })

  it('lets through what a deployment allows, but no credential', async () => {
    await forward(forged, { allowRequestHeaders: ['x-litellm-*', 'openai-project'] })
    const passed = Object.keys(received).filter((name) => received[name] === 'forged')
    expect(passed.sort()).toEqual(['openai-project', 'x-litellm-cache-ttl', 'x-litellm-tags'])
  })

  it('tells callers neither where the gateway sends them on to nor whom it charges', async () => {
    const headers = await forward({})
    expect([...headers.keys()].filter((name) => name.startsWith('x-litellm'))).toEqual(['x-litellm-call-id'])
  })
})

it('llmUsage tells curl, Claude Code, Roo Code and the OpenAI SDK the address and the token', () => {
  const usage = llmUsage()({ token: 'T0KEN', publicUrl: 'https://gate.test' })
  expect(Object.keys(usage)).toEqual(['curl', 'claude_code', 'roo_code', 'openai_sdk'])
  for (const text of Object.values(usage)) expect(text).toMatch(/https:\/\/gate\.test[\s\S]*T0KEN/)
})

it('liteLlmRoles maps the roles of LiteLLM', () => {
  expect(liteLlmRoles()).toEqual({
    proxy_admin: 'admin',
    internal_user: 'user',
    internal_user_viewer: 'viewer',
  })
})
