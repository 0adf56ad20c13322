import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { llmProblems } from '../src/problems.js'

const render = llmProblems()
let status = 401
const server = createServer((req, res) => {
  const problem = { code: 'token_invalid' as const, status, title: 'Title', detail: 'What to do.' }
  const rendered = render(problem, req.url ?? '')
  res.writeHead(status, { 'content-type': rendered?.contentType }).end(rendered?.body)
})
let origin: string

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

describe('a refusal below /v1', () => {
  it.each([
    [400, Anthropic.BadRequestError, 'invalid_request_error'],
    [401, Anthropic.AuthenticationError, 'authentication_error'],
    [403, Anthropic.PermissionDeniedError, 'permission_error'],
    [404, Anthropic.NotFoundError, 'not_found_error'],
    [429, Anthropic.RateLimitError, 'rate_limit_error'],
    [503, Anthropic.InternalServerError, 'overloaded_error'],
  ])('of status %i is the Anthropic SDK’s own error', async (code, type, name) => {
    status = code
    const client = new Anthropic({ baseURL: origin, apiKey: 'x', maxRetries: 0 })
    const call = client.messages.create({ model: 'm', max_tokens: 1, messages: [] })
    const error = await call.then(
      () => undefined,
      (cause: unknown) => cause,
    )
    expect(error).toBeInstanceOf(type)
    expect(error).toMatchObject({ error: { type: 'error', error: { type: name, message: 'What to do.' } } })
  })

  it.each([
    [400, OpenAI.BadRequestError, 'invalid_request_error'],
    [401, OpenAI.AuthenticationError, 'authentication_error'],
    [403, OpenAI.PermissionDeniedError, 'permission_error'],
    [429, OpenAI.RateLimitError, 'rate_limit_error'],
    [503, OpenAI.InternalServerError, 'server_error'],
  ])('of status %i is the OpenAI SDK’s own error', async (code, type, name) => {
    status = code
    const client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'x', maxRetries: 0 })
    const error = await client.models.list().then(
      () => undefined,
      (cause: unknown) => cause,
    )
    expect(error).toBeInstanceOf(type)
    expect(error).toMatchObject({ code: 'token_invalid', type: name })
  })

  it('is left to the next renderer elsewhere', () => {
    expect(
      render({ code: 'token_invalid', status: 401, title: 't', detail: 'd' }, '/api/token/list'),
    ).toBeUndefined()
  })
})
