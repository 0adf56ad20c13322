import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { type Exchange, eventFrame, type Reply } from './exchange.js'
import { parseBody } from './failure.js'
import { generate, generateAtOnce } from './generate.js'
import { failOnDemand, findModel, type Model } from './models.js'
import { type Answer, composeAnswer, countTokens } from './text.js'

const part = z.looseObject({ type: z.string(), text: z.string().optional() })
const limit = z.int().min(1, 'must be at least 1').nullish()

const chatBody = z.looseObject({
  model: z.string().min(1),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(['developer', 'system', 'user', 'assistant', 'tool', 'function']),
        content: z.union([z.string(), z.array(part)]).nullish(),
      }),
    )
    .min(1, 'must hold at least one message'),
  max_tokens: limit,
  max_completion_tokens: limit,
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  n: z.literal(1, { error: 'the demo upstream gives one choice' }).nullish(),
})

type ChatBody = z.output<typeof chatBody>

/** `POST /v1/chat/completions` */
export async function createChatCompletion(exchange: Exchange): Promise<Reply> {
  const body = parseBody(chatBody, await exchange.body())
  const model = findModel(body.model, 'chat')
  failOnDemand(model)
  const answer = composeAnswer({
    model: body.model,
    lastMessage: textOf(body.messages.findLast(({ role }) => role === 'user')),
    messageCount: body.messages.length,
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
    stopSequences: [body.stop ?? []].flat(),
  })
  const head = {
    id: `chatcmpl-${randomBytes(15).toString('base64url')}`,
    created: Math.floor(Date.now() / 1000),
    model: body.model,
    service_tier: 'default',
    system_fingerprint: 'fp_portcullis_demo',
  }
  const usage = usageOf(countInput(body), answer.tokens.length)
  if (body.stream) {
    const finalUsage = body.stream_options?.include_usage ? usage : undefined
    return { kind: 'events', frames: streamChat(exchange, model, head, answer, finalUsage) }
  }
  const text = await generateAtOnce(exchange, model, answer)
  const message = { role: 'assistant', content: text, refusal: null, annotations: [] }
  const choice = { index: 0, message, logprobs: null, finish_reason: reasonOf(answer) }
  return { kind: 'json', body: { ...head, object: 'chat.completion', choices: [choice], usage } }
}

type Usage = ReturnType<typeof usageOf>

async function* streamChat(
  exchange: Exchange,
  model: Model,
  head: object,
  answer: Answer,
  finalUsage: Usage | undefined,
): AsyncGenerator<string> {
  const base = { ...head, object: 'chat.completion.chunk' }
  // With include_usage every chunk has the field, null until the last.
  const noUsage = finalUsage === undefined ? {} : { usage: null }
  const frame = (delta: object, reason: string | null = null) =>
    eventFrame({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }], ...noUsage })

  yield frame({ role: 'assistant', content: '', refusal: null })
  for await (const text of generate(exchange, model, answer)) yield frame({ content: text })
  yield frame({}, reasonOf(answer))
  if (finalUsage) yield eventFrame({ ...base, choices: [], usage: finalUsage })
  yield eventFrame('[DONE]')
}

function reasonOf(answer: Answer): 'length' | 'stop' {
  return answer.ended === 'at-limit' ? 'length' : 'stop'
}

function usageOf(inputTokens: number, outputTokens: number) {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

const TOKENS_AROUND_MESSAGE = 4

function countInput({ messages, tools }: ChatBody): number {
  const ofMessages = messages.reduce((total, message) => total + countTokens(textOf(message)), 0)
  const ofTools = Array.isArray(tools) ? countTokens(JSON.stringify(tools)) : 0
  return ofMessages + ofTools + messages.length * TOKENS_AROUND_MESSAGE
}

function textOf(message: ChatBody['messages'][number] | undefined): string {
  const content = message?.content ?? ''
  if (typeof content === 'string') return content
  return content.flatMap(({ text }) => text ?? []).join('\n')
}
