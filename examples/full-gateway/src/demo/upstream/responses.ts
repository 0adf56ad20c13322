import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { type Exchange, eventFrame, type Reply } from './exchange.js'
import { parseBody } from './failure.js'
import { generate, generateAtOnce } from './generate.js'
import { failOnDemand, findModel, type Model } from './models.js'
import { type Answer, composeAnswer, countTokens } from './text.js'

const part = z.looseObject({ text: z.string().optional() })
const item = z.looseObject({
  role: z.string().optional(),
  content: z.union([z.string(), z.array(part)]).nullish(),
})

const responsesBody = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(item).min(1)], { error: 'give a string or a list of items' }),
  instructions: z.string().nullish(),
  max_output_tokens: z.int().min(16, 'must be at least 16').nullish(),
  stream: z.boolean().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
})

type ResponsesBody = z.output<typeof responsesBody>

/** `POST /v1/responses` */
export async function createResponse(exchange: Exchange): Promise<Reply> {
  const body = parseBody(responsesBody, await exchange.body())
  const model = findModel(body.model, 'chat')
  failOnDemand(model)
  const items = itemsOf(body)
  const answer = composeAnswer({
    model: body.model,
    lastMessage: textOf(items.findLast(({ role }) => role === 'user')),
    messageCount: items.length,
    maxTokens: body.max_output_tokens ?? undefined,
    stopSequences: [],
  })
  const draft: Draft = {
    responseId: `resp_${randomBytes(24).toString('hex')}`,
    messageId: `msg_${randomBytes(24).toString('hex')}`,
    createdAt: Math.floor(Date.now() / 1000),
    inputTokens: countInput(body, items),
    body,
    answer,
  }
  if (body.stream) return { kind: 'events', frames: streamResponse(exchange, model, draft) }
  await generateAtOnce(exchange, model, answer)
  return { kind: 'json', body: finished(draft) }
}

interface Draft {
  readonly responseId: string
  readonly messageId: string
  readonly createdAt: number
  readonly inputTokens: number
  readonly body: ResponsesBody
  readonly answer: Answer
}

async function* streamResponse(exchange: Exchange, model: Model, draft: Draft): AsyncGenerator<string> {
  let sequence = 0
  const frame = (type: string, data: object) =>
    eventFrame({ type, sequence_number: sequence++, ...data }, type)
  const place = { item_id: draft.messageId, output_index: 0, content_index: 0 }
  const { text } = draft.answer
  const done = finished(draft)

  yield frame('response.created', { response: started(draft) })
  yield frame('response.in_progress', { response: started(draft) })
  yield frame('response.output_item.added', { output_index: 0, item: messageItem(draft, 'in_progress', []) })
  yield frame('response.content_part.added', { ...place, part: textPart('') })
  for await (const delta of generate(exchange, model, draft.answer))
    yield frame('response.output_text.delta', { ...place, delta, logprobs: [] })
  yield frame('response.output_text.done', { ...place, text, logprobs: [] })
  yield frame('response.content_part.done', { ...place, part: textPart(text) })
  yield frame('response.output_item.done', { output_index: 0, item: done.output[0] })
  yield frame(`response.${done.status}`, { response: done })
}

function started(draft: Draft) {
  return {
    id: draft.responseId,
    object: 'response',
    created_at: draft.createdAt,
    status: 'in_progress',
    error: null,
    incomplete_details: null as { reason: string } | null,
    instructions: draft.body.instructions ?? null,
    max_output_tokens: draft.body.max_output_tokens ?? null,
    metadata: {},
    model: draft.body.model,
    output: [] as object[],
    parallel_tool_calls: true,
    temperature: draft.body.temperature ?? 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage: null as object | null,
  }
}

function finished(draft: Draft) {
  const isCut = draft.answer.ended === 'at-limit'
  const status = isCut ? 'incomplete' : 'completed'
  const outputTokens = draft.answer.tokens.length
  return {
    ...started(draft),
    status,
    incomplete_details: isCut ? { reason: 'max_output_tokens' } : null,
    output: [messageItem(draft, status, [textPart(draft.answer.text)])],
    usage: {
      input_tokens: draft.inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: draft.inputTokens + outputTokens,
    },
  }
}

function messageItem(draft: Draft, status: string, content: object[]) {
  return { id: draft.messageId, type: 'message', role: 'assistant', status, content }
}

function textPart(text: string) {
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}

type Item = z.output<typeof item>

function itemsOf({ input }: ResponsesBody): readonly Item[] {
  return typeof input === 'string' ? [{ role: 'user', content: input }] : input
}

const TOKENS_AROUND_ITEM = 4

function countInput({ instructions }: ResponsesBody, items: readonly Item[]): number {
  const ofItems = items.reduce((total, one) => total + countTokens(textOf(one)) + TOKENS_AROUND_ITEM, 0)
  return ofItems + countTokens(instructions ?? '')
}

function textOf(one: Item | undefined): string {
  const content = one?.content ?? ''
  if (typeof content === 'string') return content
  return content.flatMap(({ text }) => text ?? []).join('\n')
}
