import { connect } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type DemoUpstream,
  type DemoUpstreamOptions,
  startDemoUpstream,
} from '../src/demo/upstream/server.js'
import { cutIntoTokens } from '../src/demo/upstream/text.js'

const KEY = 'the key of the upstream'
const lines: unknown[] = []
const note = (fields: unknown, message?: string) => lines.push({ ...Object(fields), msg: message })
const log = { info: note, warn: note, error: note } as unknown as DemoUpstreamOptions['log']

const start = (overrides: Partial<DemoUpstreamOptions> = {}) =>
  startDemoUpstream({ production: false, log, chunkDelayMs: 1, ...overrides })

let upstream: DemoUpstream
let guarded: DemoUpstream
let anthropic: Anthropic
let openai: OpenAI

beforeAll(async () => {
  upstream = await start()
  guarded = await start({ apiKey: KEY })
  anthropic = new Anthropic({ apiKey: 'any', baseURL: upstream.url, maxRetries: 0 })
  openai = new OpenAI({ apiKey: 'any', baseURL: `${upstream.url}/v1`, maxRetries: 0 })
})
afterAll(async () => {
  await Promise.all([upstream.close(), guarded.close()])
  expect(lines.filter((line) => JSON.stringify(line).includes('failed'))).toEqual([])
})

const question = [{ role: 'user' as const, content: 'Where is the key to the north gate?' }]

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${upstream.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

const VERSION = { 'anthropic-version': '2023-06-01' }

describe('Anthropic Messages of the demo upstream', () => {
  const request = { model: 'claude-opus-4-5', max_tokens: 1_000, messages: question }

  it('answers about what was asked, with usage that fits the text', async () => {
    const message = await anthropic.messages.create(request)
    const [block] = message.content
    expect(block).toMatchObject({ type: 'text', text: expect.stringContaining('key to the north gate') })
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: request.model,
      stop_reason: 'end_turn',
    })
    expect(message._request_id).toMatch(/^req_/)
    expect(message.usage).toMatchObject({ cache_creation_input_tokens: 0, cache_read_input_tokens: 0 })
    expect(message.usage.output_tokens).toBe(block?.type === 'text' ? cutIntoTokens(block.text).length : 0)
    expect(message.usage.input_tokens).toBe((await anthropic.messages.countTokens(request)).input_tokens)
  })

  it('streams the same answer in many pieces, in the documented order of events', async () => {
    const whole = await anthropic.messages.create(request)
    const events: Anthropic.MessageStreamEvent[] = []
    for await (const event of await anthropic.messages.create({ ...request, stream: true }))
      events.push(event)
    const deltas = events.filter((event) => event.type === 'content_block_delta')
    expect(deltas.length).toBeGreaterThan(10)
    expect(events.map(({ type }) => type).filter((type) => type !== 'content_block_delta')).toEqual([
      'message_start',
      'content_block_start',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    const text = deltas.map(({ delta }) => (delta.type === 'text_delta' ? delta.text : '')).join('')
    expect(whole.content[0]).toMatchObject({ text })
    const streamed = await anthropic.messages.stream(request).finalMessage()
    expect(streamed).toMatchObject({ content: whole.content, stop_reason: 'end_turn', usage: whole.usage })
  })

  it('sends a ping, which the SDK hides', async () => {
    const response = await post('/v1/messages', { ...request, stream: true }, VERSION)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(await response.text()).toContain('event: ping\ndata: {"type":"ping"}\n\n')
  })

  it('stops at max_tokens and says so', async () => {
    const cut = { ...request, max_tokens: 7 }
    const message = await anthropic.messages.create(cut)
    expect(message).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 7 } })
    const streamed = await anthropic.messages.stream(cut).finalMessage()
    expect(streamed).toMatchObject({
      stop_reason: 'max_tokens',
      usage: { output_tokens: 7 },
      content: message.content,
    })
  })

  it('stops before a stop sequence and names it', async () => {
    const message = await anthropic.messages.create({ ...request, stop_sequences: ['nowhere', 'north'] })
    expect(message).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'north' })
    expect(message.content[0]).toMatchObject({ text: expect.stringMatching(/to the $/) })
  })

  it('counts system prompt, tools, images and every message', async () => {
    const count = async (more: Partial<Anthropic.MessageCountTokensParams>) =>
      (await anthropic.messages.countTokens({ model: request.model, messages: question, ...more }))
        .input_tokens
    const alone = await count({})
    expect(await count({ system: 'Answer in one word.' })).toBe(
      alone + cutIntoTokens('Answer in one word.').length,
    )
    expect(
      await count({ messages: [...question, { role: 'assistant', content: 'Here.' }, ...question] }),
    ).toBeGreaterThan(alone * 2)
    expect(await count({ tools: [{ name: 'look', input_schema: { type: 'object' } }] })).toBeGreaterThan(
      alone,
    )
    const image = {
      type: 'image' as const,
      source: { type: 'url' as const, url: 'https://example.com/gate.png' },
    }
    expect(await count({ messages: [{ role: 'user', content: [image] }] })).toBeGreaterThan(1_000)
  })

  it.each(['claude-opus-4-5-20251101', 'claude-3-5-haiku-latest', 'claude-sonnet-4-0', 'gpt-5'])(
    'knows %s and answers under the name it was called by',
    async (model) => {
      expect((await anthropic.messages.create({ ...request, model })).model).toBe(model)
    },
  )

  it.each([
    [
      'an unknown model',
      { ...request, model: 'claude-nonesuch' },
      Anthropic.NotFoundError,
      'not_found_error',
      'model: claude-nonesuch',
    ],
    [
      'an embedding model',
      { ...request, model: 'text-embedding-3-small' },
      Anthropic.NotFoundError,
      'not_found_error',
      'model:',
    ],
    [
      'no max_tokens',
      { ...request, max_tokens: undefined },
      Anthropic.BadRequestError,
      'invalid_request_error',
      'max_tokens: Field required',
    ],
    [
      'max_tokens of 0',
      { ...request, max_tokens: 0 },
      Anthropic.BadRequestError,
      'invalid_request_error',
      'max_tokens: must be',
    ],
    [
      'no messages',
      { ...request, messages: [] },
      Anthropic.BadRequestError,
      'invalid_request_error',
      'messages: at least one',
    ],
    [
      'a role of its own',
      { ...request, messages: [{ role: 'system', content: 'x' }] },
      Anthropic.BadRequestError,
      'invalid_request_error',
      'messages.0.role',
    ],
    [
      'a temperature of 2',
      { ...request, temperature: 2 },
      Anthropic.BadRequestError,
      'invalid_request_error',
      'temperature',
    ],
    [
      'demo-rate-limited',
      { ...request, model: 'demo-rate-limited' },
      Anthropic.RateLimitError,
      'rate_limit_error',
      'Try again',
    ],
    [
      'demo-overloaded',
      { ...request, model: 'demo-overloaded' },
      Anthropic.InternalServerError,
      'overloaded_error',
      'Overloaded',
    ],
    [
      'demo-failing, streaming',
      { ...request, model: 'demo-failing', stream: true },
      Anthropic.InternalServerError,
      'api_error',
      'Internal',
    ],
  ])('answers %s with an error of the API', async (_, body, errorClass, type, message) => {
    const error = await anthropic.messages
      .create(body as Anthropic.MessageCreateParams)
      .catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(errorClass)
    expect(error).toMatchObject({
      requestID: expect.stringMatching(/^req_/),
      error: { type: 'error', error: { type, message: expect.stringContaining(message) } },
    })
  })

  it('says when to come back, and 529 when overloaded', async () => {
    const limited = await post('/v1/messages', { ...request, model: 'demo-rate-limited' }, VERSION)
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1'])
    const overloaded = await post('/v1/messages', { ...request, model: 'demo-overloaded' }, VERSION)
    expect(overloaded.status).toBe(529)
  })

  it('requires the anthropic-version header', async () => {
    const response = await post('/v1/messages', request)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { message: expect.stringContaining('anthropic-version') },
    })
  })

  it('accepts its own key alone, when it has one', async () => {
    const at = (more: object) => new Anthropic({ baseURL: guarded.url, maxRetries: 0, apiKey: null, ...more })
    expect((await at({ apiKey: KEY }).messages.create(request)).type).toBe('message')
    expect((await at({ authToken: KEY }).messages.create(request)).type).toBe('message')
    await expect(at({ apiKey: 'stolen' }).messages.create(request)).rejects.toBeInstanceOf(
      Anthropic.AuthenticationError,
    )
  })

  it('lists models as Anthropic does, without embeddings', async () => {
    const ids: string[] = []
    for await (const model of anthropic.models.list()) ids.push(model.id)
    expect(ids).toContain('claude-haiku-4-5')
    expect(ids).not.toContain('text-embedding-3-small')
    expect(await anthropic.models.retrieve('claude-haiku-4-5')).toMatchObject({
      type: 'model',
      display_name: 'Claude Haiku 4.5',
    })
    await expect(anthropic.models.retrieve('nonesuch')).rejects.toBeInstanceOf(Anthropic.NotFoundError)
  })
})

describe('OpenAI Chat Completions of the demo upstream', () => {
  const request = { model: 'gpt-5-mini', messages: question }

  it('answers about what was asked, with usage that adds up', async () => {
    const completion = await openai.chat.completions.create(request)
    const text = completion.choices[0]?.message.content ?? ''
    expect(text).toContain('key to the north gate')
    expect(completion).toMatchObject({ object: 'chat.completion', model: request.model })
    expect(completion._request_id).toMatch(/^req_/)
    expect(completion.choices[0]?.finish_reason).toBe('stop')
    const { usage } = completion
    expect(usage?.completion_tokens).toBe(cutIntoTokens(text).length)
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0))
  })

  it('streams the same answer; the last chunk carries usage when asked for', async () => {
    const whole = await openai.chat.completions.create(request)
    const chunks: OpenAI.ChatCompletionChunk[] = []
    const stream = await openai.chat.completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    })
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.length).toBeGreaterThan(10)
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(
      whole.choices[0]?.message.content,
    )
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage })
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true)
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
  })

  it('sends no usage when it was not asked for, and ends with [DONE]', async () => {
    const text = await (await post('/v1/chat/completions', { ...request, stream: true })).text()
    expect(text).not.toContain('usage')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it('stops at either limit of tokens and says so', async () => {
    for (const limit of [{ max_tokens: 5 }, { max_completion_tokens: 5 }]) {
      const completion = await openai.chat.completions.create({ ...request, ...limit })
      expect(completion.choices[0]?.finish_reason).toBe('length')
      expect(completion.usage?.completion_tokens).toBe(5)
    }
  })

  it.each([
    [
      'an unknown model',
      { ...request, model: 'gpt-nonesuch' },
      OpenAI.NotFoundError,
      'model_not_found',
      null,
    ],
    ['no messages', { ...request, messages: [] }, OpenAI.BadRequestError, null, 'messages'],
    ['two choices', { ...request, n: 2 }, OpenAI.BadRequestError, null, 'n'],
    [
      'a role of its own',
      { ...request, messages: [{ role: 'king', content: '' }] },
      OpenAI.BadRequestError,
      null,
      'messages.0.role',
    ],
    [
      'demo-rate-limited',
      { ...request, model: 'demo-rate-limited' },
      OpenAI.RateLimitError,
      'rate_limit_exceeded',
      null,
    ],
    [
      'demo-overloaded',
      { ...request, model: 'demo-overloaded' },
      OpenAI.InternalServerError,
      'service_unavailable',
      null,
    ],
  ])('answers %s with an error of the API', async (_, body, errorClass, code, param) => {
    const error = await openai.chat.completions
      .create(body as OpenAI.ChatCompletionCreateParams)
      .catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(errorClass)
    expect(error).toMatchObject({ code, param, requestID: expect.stringMatching(/^req_/) })
  })

  it('accepts its own key alone, when it has one', async () => {
    const at = (apiKey: string) => new OpenAI({ baseURL: `${guarded.url}/v1`, apiKey, maxRetries: 0 })
    expect((await at(KEY).chat.completions.create(request)).object).toBe('chat.completion')
    await expect(at('stolen').chat.completions.create(request)).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    )
  })
})

describe('the other OpenAI APIs of the demo upstream', () => {
  const request = { model: 'gpt-5', input: 'Who holds the key?', instructions: 'Be brief.' }

  it('answers Responses, at once and streaming alike', async () => {
    const whole = await openai.responses.create(request)
    expect(whole.output_text).toContain('Who holds the key?')
    expect(whole.status).toBe('completed')
    expect(whole.usage?.output_tokens).toBe(cutIntoTokens(whole.output_text).length)
    const stream = openai.responses.stream(request)
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    expect(types.slice(0, 4)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
    ])
    expect(types.slice(-4)).toEqual([
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(await stream.finalResponse()).toMatchObject({ output_text: whole.output_text, usage: whole.usage })
  })

  it('ends a response that reaches its limit as incomplete', async () => {
    const input = [
      { role: 'user' as const, content: [{ type: 'input_text' as const, text: 'Tell me more.' }] },
    ]
    const cut = await openai.responses.create({ model: 'gpt-5', input, max_output_tokens: 16 })
    expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
    expect(cut.usage?.output_tokens).toBe(16)
  })

  it('embeds the same text as the same vector of length one, as floats and as base64', async () => {
    const embed = async (more: Partial<OpenAI.EmbeddingCreateParams> = {}) =>
      openai.embeddings.create({ model: 'text-embedding-3-small', input: ['gate', 'key'], ...more })
    const [coded, plain] = [await embed(), await embed({ encoding_format: 'float' })]
    const [first = [], second = []] = plain.data.map(({ embedding }) => embedding)
    expect(first).toHaveLength(1536)
    expect(Math.hypot(...first)).toBeCloseTo(1, 5)
    expect(first).not.toEqual(second)
    coded.data[0]?.embedding.forEach((value, index) => void expect(value).toBeCloseTo(first[index] ?? 2, 6))
    expect(plain.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 })
    expect((await embed({ dimensions: 8, input: [1, 2, 3] })).data[0]?.embedding).toHaveLength(8)
    await expect(embed({ dimensions: 5_000 })).rejects.toBeInstanceOf(OpenAI.BadRequestError)
    await expect(embed({ input: '' })).rejects.toBeInstanceOf(OpenAI.BadRequestError)
  })

  it('lists models as OpenAI does', async () => {
    const ids: string[] = []
    for await (const model of openai.models.list()) ids.push(model.id)
    expect(ids).toEqual(expect.arrayContaining(['gpt-5', 'claude-sonnet-4-5', 'text-embedding-3-small']))
    expect(await openai.models.retrieve('gpt-5')).toMatchObject({ object: 'model', owned_by: 'openai' })
  })

  it.each([
    ['/v1/nonesuch', 'POST', 404],
    ['/v1/models/a/b', 'GET', 404],
    ['/v1/models/%ff', 'GET', 404],
    ['/v1/chat/completions', 'GET', 405],
  ])('answers %s by %s with %i', async (path, method, status) => {
    const response = await fetch(`${upstream.url}${path}`, { method })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
  })

  it('answers a body that is not JSON with 400, and one past 32 MB with 413', async () => {
    expect((await post('/v1/chat/completions', '{"model":')).status).toBe(400)
    expect((await post('/v1/chat/completions', `"${'x'.repeat(33 * 1024 * 1024)}"`)).status).toBe(413)
  })
})

describe('the demo upstream', () => {
  const long = {
    model: 'claude-haiku-4-5',
    max_tokens: 100_000,
    messages: [{ role: 'user' as const, content: 'Write 20000 words.' }],
  }

  it('writes as much as it is asked for', async () => {
    const { content } = await anthropic.messages.create(long, { timeout: 10_000 })
    expect(content[0]?.type === 'text' ? content[0].text.split(/\s+/).length : 0).toBeGreaterThan(19_990)
  })

  it('stops generating when the client goes away, and counts that', async () => {
    const before = upstream.stats()
    const stream = anthropic.messages.stream(long)
    await new Promise((resolve) => stream.once('text', resolve))
    expect(upstream.stats().activeStreams).toBe(1)
    stream.abort()
    await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError)
    await vi.waitFor(() => expect(upstream.stats().activeStreams).toBe(0), { timeout: 1_000 })
    const after = upstream.stats()
    expect(after.abortedStreams).toBe(before.abortedStreams + 1)
    expect(after.completedStreams).toBe(before.completedStreams)
  })

  it('stops generating for a client that has stopped reading and then goes away', async () => {
    const stats = await start({ chunkDelayMs: 0 }).then(async (eager) => {
      const { port } = new URL(eager.url)
      const body = JSON.stringify({ ...long, stream: true })
      const socket = connect(Number(port), '127.0.0.1')
      socket.pause()
      socket.write(
        `POST /v1/messages HTTP/1.1\r\nhost: x\r\nanthropic-version: 1\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      )
      await vi.waitFor(() => expect(eager.stats().activeStreams).toBe(1), { timeout: 5_000 })
      socket.destroy()
      await vi.waitFor(() => expect(eager.stats().activeStreams).toBe(0), { timeout: 5_000 })
      await eager.close()
      return eager.stats()
    })
    expect(stats).toMatchObject({ abortedStreams: 1, completedStreams: 0 })
  })

  it('breaks off in the middle with demo-reset, which is no clean end', async () => {
    const stream = anthropic.messages.stream({ ...long, model: 'demo-reset' })
    let text = ''
    stream.on('text', (delta) => {
      text += delta
    })
    await expect(stream.finalMessage()).rejects.toThrow()
    expect(text).not.toBe('')
    await expect(
      openai.chat.completions.create({ model: 'demo-reset', messages: question }),
    ).rejects.toBeInstanceOf(OpenAI.APIConnectionError)
    expect(upstream.stats().activeStreams).toBe(0)
  })

  it('takes its time with demo-slow', async () => {
    const slow = await start({ chunkDelayMs: 5 })
    const startedAt = performance.now()
    await new OpenAI({ apiKey: 'any', baseURL: `${slow.url}/v1` }).chat.completions.create({
      model: 'demo-slow',
      messages: question,
    })
    expect(performance.now() - startedAt).toBeGreaterThan(150)
    await slow.close()
  })

  it('logs nothing as its own failure when a client breaks off while sending', async () => {
    const before = upstream.stats().requests
    const { port } = new URL(upstream.url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"model"')
    await vi.waitFor(() => expect(upstream.stats().requests).toBe(before + 1))
    socket.destroy()
    await openai.models.list()
    expect(JSON.stringify(lines)).not.toContain('failed')
  })

  it('breaks off its answers and frees its port when it is closed', async () => {
    const own = await start()
    const stream = new Anthropic({ apiKey: 'any', baseURL: own.url, maxRetries: 0 }).messages.stream(long)
    await new Promise((resolve) => stream.once('text', resolve))
    await own.close()
    await expect(stream.finalMessage()).rejects.toThrow()
    await vi.waitFor(() => expect(own.stats()).toMatchObject({ activeStreams: 0, abortedStreams: 1 }))
    await (await start({ port: Number(new URL(own.url).port) })).close()
  })

  it('announces itself', () => {
    expect(lines[0]).toEqual({ url: upstream.url, msg: 'demo upstream: not for production' })
  })

  it('refuses to start in production', async () => {
    await expect(start({ production: true })).rejects.toMatchObject({
      code: 'configuration_invalid',
      problems: [expect.stringContaining('UPSTREAM_URL')],
    })
  })
})
