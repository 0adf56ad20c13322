import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api, type CookieJar, logIn, mint, type RunningGateway, runGateway } from './gateway-fixture.js'

let gateway: RunningGateway
let user: CookieJar
let admin: CookieJar

beforeAll(async () => {
  gateway = await runGateway()
  user = await logIn(gateway, 'user@example.com')
  admin = await logIn(gateway, 'admin@example.com')
})
afterAll(() => gateway.stop())

const message = {
  model: 'claude-opus-4-5',
  max_tokens: 200,
  messages: [{ role: 'user' as const, content: 'Hello' }],
}
const completion = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'Hello' }] }

const anthropicWith = (token: string) =>
  new Anthropic({ baseURL: gateway.url, authToken: token, apiKey: null, maxRetries: 0 })
const openaiWith = (token: string) =>
  new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: token, maxRetries: 0 })

describe('the official Anthropic SDK', () => {
  it('gets a message, with usage', async () => {
    const { token } = await mint(gateway, user)
    const answer = await anthropicWith(token).messages.create(message)
    expect(answer.content[0]).toMatchObject({ type: 'text' })
    expect(answer.usage.output_tokens).toBeGreaterThan(0)
  })

  it('streams a message, also with its token as an API key', async () => {
    const { token } = await mint(gateway, user)
    const client = new Anthropic({ baseURL: gateway.url, apiKey: token, maxRetries: 0 })
    const texts: string[] = []
    const stream = client.messages.stream(message).on('text', (text) => texts.push(text))
    expect(await stream.finalText()).toBe(texts.join(''))
    expect(texts.length).toBeGreaterThan(1)
  })

  it('raises AuthenticationError from the very call after a revocation', async () => {
    const { token, id } = await mint(gateway, user)
    await anthropicWith(token).messages.create(message)
    expect((await api(gateway, user, 'POST', '/api/token/revoke', { token_id: id })).status).toBe(200)
    await expect(anthropicWith(token).messages.create(message)).rejects.toThrow(Anthropic.AuthenticationError)
    await expect(anthropicWith(token).messages.stream(message).finalText()).rejects.toThrow(
      Anthropic.AuthenticationError,
    )
  })

  it('raises NotFoundError for an unknown model, as the upstream says', async () => {
    const { token } = await mint(gateway, user)
    await expect(
      anthropicWith(token).messages.create({ ...message, model: 'no-such-model' }),
    ).rejects.toThrow(Anthropic.NotFoundError)
  })
})

describe('the official OpenAI SDK', () => {
  it('gets a completion, with usage', async () => {
    const { token } = await mint(gateway, user)
    const answer = await openaiWith(token).chat.completions.create(completion)
    expect(answer.choices[0]?.message.content).toBeTruthy()
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
  })

  it('streams a completion', async () => {
    const { token } = await mint(gateway, user)
    const stream = await openaiWith(token).chat.completions.create({ ...completion, stream: true })
    let chunks = 0
    for await (const chunk of stream) chunks += chunk.choices.length
    expect(chunks).toBeGreaterThan(2)
  })

  it('raises AuthenticationError for a revoked token and for one that never was', async () => {
    const { token, id } = await mint(gateway, user)
    await api(gateway, admin, 'DELETE', `/api/admin/tokens/${id}`)
    for (const bad of [token, 'eyJhbGciOiJub25lIn0.e30.'])
      await expect(openaiWith(bad).chat.completions.create(completion)).rejects.toThrow(
        OpenAI.AuthenticationError,
      )
  })

  it('raises PermissionDeniedError for a banned account, and may call again after the ban', async () => {
    const { token } = await mint(gateway, user)
    const banned = await api(gateway, admin, 'POST', '/api/admin/sessions/revoke-user', {
      user_email: ' User@Example.COM',
      reason: 'test',
    })
    expect(banned).toMatchObject({
      status: 200,
      body: { user_email: 'user@example.com', deleted_by: 'admin@example.com', deletion_flag_created: true },
    })
    await expect(openaiWith(token).chat.completions.create(completion)).rejects.toThrow(
      OpenAI.PermissionDeniedError,
    )
    expect((await api(gateway, user, 'POST', '/api/token/generate', {})).status).toBe(403)
    await expect(logIn(gateway, 'user@example.com')).rejects.toThrow('403')
    expect((await api(gateway, admin, 'DELETE', '/api/admin/sessions/unban/user%40example.com')).status).toBe(
      200,
    )
    await expect(openaiWith(token).chat.completions.create(completion)).rejects.toThrow(
      OpenAI.AuthenticationError,
    )
    user = await logIn(gateway, 'user@example.com')
    const fresh = await mint(gateway, user)
    await openaiWith(fresh.token).chat.completions.create(completion)
  })
})

describe('a running stream', () => {
  const long = {
    ...message,
    max_tokens: 4000,
    messages: [{ role: 'user' as const, content: 'write 2000 words' }],
  }

  it('ends at the upstream when the client goes away', async () => {
    const { token } = await mint(gateway, user)
    const stream = anthropicWith(token).messages.stream(long)
    for await (const event of stream) if (event.type === 'content_block_delta') break
    stream.abort()
    await expect.poll(() => gateway.upstream.stats().activeStreams, { timeout: 2000 }).toBe(0)
    expect(gateway.upstream.stats().abortedStreams).toBeGreaterThan(0)
  })

  it('is cut when its account is banned', async () => {
    const { token } = await mint(gateway, user)
    const stream = anthropicWith(token).messages.stream(long)
    await new Promise((resolve) => stream.once('text', resolve))
    await api(gateway, admin, 'POST', '/api/admin/sessions/revoke-user', { user_email: 'user@example.com' })
    await expect(stream.finalText()).rejects.toThrow()
    await api(gateway, admin, 'DELETE', '/api/admin/sessions/unban/user@example.com')
  })
})

describe('the log', () => {
  it('carries no token, cookie, code or password', async () => {
    const { token } = await mint(gateway, await logIn(gateway, 'admin@example.com'))
    await anthropicWith(token).messages.create(message)
    expect(gateway.logged()).toContain('/v1/messages')
    for (const secret of [
      token,
      token.split('.')[2] ?? '',
      'portcullis_session=',
      'code=',
      'a password for tests only',
    ])
      expect(gateway.logged()).not.toContain(secret)
  })
})
