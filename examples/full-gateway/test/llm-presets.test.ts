import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { api, logIn, mint, runGateway } from './gateway-fixture.js'

const USER = 'user@example.com'

async function withGateway<T>(
  env: Record<string, string>,
  use: (gateway: { url: string }, received: IncomingHttpHeaders[]) => Promise<T>,
): Promise<T> {
  const received: IncomingHttpHeaders[] = []
  const upstream = createServer((req, res) => {
    received.push(req.headers)
    res.end('{}')
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const port = (upstream.address() as AddressInfo).port
  const gateway = await runGateway({ UPSTREAM_URL: `http://127.0.0.1:${port}`, ...env })
  try {
    return await use(gateway, received)
  } finally {
    await gateway.stop()
    upstream.closeAllConnections()
    upstream.close()
  }
}

const call = async (gateway: { url: string }, token: string, headers: Record<string, string>) =>
  (await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${token}`, ...headers } }))
    .status

it('the gateway tells programs for LLM APIs how to use a token, and LiteLLM who calls', () =>
  withGateway({}, async (gateway, received) => {
    const jar = await logIn(gateway, USER)
    const { body } = await api(gateway, jar, 'POST', '/api/token/generate', {})
    const usage = body.usage_instructions as Record<string, string>
    expect(Object.keys(usage)).toEqual(['curl', 'claude_code', 'roo_code', 'openai_sdk'])
    const forged = { 'x-litellm-end-user-id': 'forged', 'x-openwebui-chat-id': 'forged' }
    expect(await call(gateway, String(body.token), forged)).toBe(200)
    expect(received[0]).toMatchObject({ 'x-litellm-end-user-id': USER, 'x-portcullis-user': USER })
    expect(received[0]).not.toHaveProperty('x-openwebui-chat-id')
  }))

it('IDENTITY_HEADERS takes the place of LiteLLM’s header, which callers still cannot send', () =>
  withGateway({ IDENTITY_HEADERS: 'x-who=accountId' }, async (gateway, received) => {
    const { token } = await mint(gateway, await logIn(gateway, USER))
    expect(await call(gateway, token, { 'x-litellm-end-user-id': 'forged' })).toBe(200)
    expect(received[0]).toMatchObject({ 'x-who': USER })
    expect(received[0]).not.toHaveProperty('x-litellm-end-user-id')
  }))
