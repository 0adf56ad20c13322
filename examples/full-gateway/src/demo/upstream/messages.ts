import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { type Exchange, eventFrame, type Reply } from './exchange.js'
import { parseBody } from './failure.js'
import { generate, generateAtOnce } from './generate.js'
import { failOnDemand, findModel, type Model } from './models.js'
import { type Answer, composeAnswer, countTokens } from './text.js'

const contentBlock = z.looseObject({ type: z.string(), text: z.string().optional() })
const content = z.union([z.string(), z.array(contentBlock).min(1)], {
  error: 'Input should be a valid string or a list of content blocks',
})

const countedBody = z.looseObject({
  model: z.string().min(1),
  system: content.optional(),
  messages: z
    .array(z.looseObject({ role: z.enum(['user', 'assistant']), content }))
    .min(1, 'at least one message is required'),
  tools: z.array(z.looseObject({ name: z.string() })).optional(),
})

const messagesBody = countedBody.extend({
  max_tokens: z.int().min(1, 'must be greater than or equal to 1'),
  stream: z.boolean().default(false),
  stop_sequences: z.array(z.string()).default([]),
  temperature: z.number().min(0).max(1).optional(),
})

type CountedBody = z.output<typeof countedBody>

/** `POST /v1/messages/count_tokens` */
export async function countMessageTokens(exchange: Exchange): Promise<Reply> {
  const body = parseBody(countedBody, await exchange.body())
  findModel(body.model, 'chat')
  return { kind: 'json', body: { input_tokens: countInput(body) } }
}

/** `POST /v1/messages`, Anthropic Messages API version 2023-06-01 */
export async function createMessage(exchange: Exchange): Promise<Reply> {
  const body = parseBody(messagesBody, await exchange.body())
  const model = findModel(body.model, 'chat')
  failOnDemand(model)
  const answer = composeAnswer({
    model: body.model,
    lastMessage: textOf(body.messages.findLast(({ role }) => role === 'user')?.content ?? ''),
    messageCount: body.messages.length,
    maxTokens: body.max_tokens,
    stopSequences: body.stop_sequences,
  })
  const message = {
    id: `msg_${randomBytes(12).toString('hex')}`,
    type: 'message',
    role: 'assistant',
    model: body.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: usageOf(countInput(body), 1),
  }
  if (body.stream) return { kind: 'events', frames: streamMessage(exchange, model, message, answer) }
  const text = await generateAtOnce(exchange, model, answer)
  return {
    kind: 'json',
    body: {
      ...message,
      content: [{ type: 'text', text }],
      ...endOf(answer),
      usage: usageOf(message.usage.input_tokens, answer.tokens.length),
    },
  }
}

async function* streamMessage(
  exchange: Exchange,
  model: Model,
  message: { readonly usage: { readonly input_tokens: number } },
  answer: Answer,
): AsyncGenerator<string> {
  const frame = (data: { type: string } & Record<string, unknown>) => eventFrame(data, data.type)
  yield frame({ type: 'message_start', message })
  yield frame({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } })
  yield frame({ type: 'ping' })
  for await (const text of generate(exchange, model, answer))
    yield frame({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
  yield frame({ type: 'content_block_stop', index: 0 })
  yield frame({
    type: 'message_delta',
    delta: endOf(answer),
    usage: usageOf(message.usage.input_tokens, answer.tokens.length),
  })
  yield frame({ type: 'message_stop' })
}

function endOf(answer: Answer) {
  const reasons = {
    naturally: 'end_turn',
    'at-limit': 'max_tokens',
    'at-stop-sequence': 'stop_sequence',
  } as const
  return { stop_reason: reasons[answer.ended], stop_sequence: answer.stopSequence ?? null }
}

function usageOf(inputTokens: number, outputTokens: number) {
  return {
    input_tokens: inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: outputTokens,
    service_tier: 'standard',
  }
}

const TOKENS_AROUND_MESSAGE = 4
const TOKENS_OF_ATTACHMENT = 1_500

function countInput({ system, messages, tools = [] }: CountedBody): number {
  const contents = [system ?? '', ...messages.map((message) => message.content)]
  const ofContents = contents.reduce((total, one) => total + countContent(one), 0)
  const ofTools = tools.reduce((total, tool) => total + countTokens(JSON.stringify(tool)), 0)
  return ofContents + ofTools + messages.length * TOKENS_AROUND_MESSAGE
}

function countContent(one: z.output<typeof content>): number {
  if (typeof one === 'string') return countTokens(one)
  return one.reduce((total, block) => total + countBlock(block), 0)
}

function countBlock(block: z.output<typeof contentBlock>): number {
  if (block.text !== undefined) return countTokens(block.text)
  const isAttachment = block.type === 'image' || block.type === 'document'
  return isAttachment ? TOKENS_OF_ATTACHMENT : countTokens(JSON.stringify(block))
}

function textOf(one: z.output<typeof content>): string {
  if (typeof one === 'string') return one
  return one.flatMap(({ text }) => text ?? []).join('\n')
}
