import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { createChatCompletion } from './chat-completions.js'
import { createEmbeddings } from './embeddings.js'
import type { Exchange, Reply } from './exchange.js'
import { ApiFailure } from './failure.js'
import { countMessageTokens, createMessage } from './messages.js'
import { describeModels } from './model-list.js'
import { createResponse } from './responses.js'

export type Api = 'anthropic' | 'openai'

interface Route {
  readonly method: 'GET' | 'POST'
  readonly answer: (exchange: Exchange) => Reply | Promise<Reply>
}

const ROUTES: Readonly<Record<string, Route>> = {
  '/v1/messages': { method: 'POST', answer: createMessage },
  '/v1/messages/count_tokens': { method: 'POST', answer: countMessageTokens },
  '/v1/chat/completions': { method: 'POST', answer: createChatCompletion },
  '/v1/responses': { method: 'POST', answer: createResponse },
  '/v1/embeddings': { method: 'POST', answer: createEmbeddings },
  '/v1/models': { method: 'GET', answer: describeModels },
}

/** Whose words to answer in: Anthropic's on its paths and to its clients, else OpenAI's. */
export function apiOf(path: string, headers: IncomingHttpHeaders): Api {
  const isAnthropic = path === '/v1/messages' || path.startsWith('/v1/messages/')
  return isAnthropic || headers['anthropic-version'] !== undefined ? 'anthropic' : 'openai'
}

/** Answers one request. Throws `ApiFailure`. */
export async function answer(exchange: Exchange, api: Api, apiKey: string | undefined): Promise<Reply> {
  const { method, path, headers } = exchange
  if (apiKey !== undefined) requireKey(api, headers, apiKey)
  const route = ROUTES[path] ?? (/^\/v1\/models\/[^/]+$/.test(path) ? ROUTES['/v1/models'] : undefined)
  if (route === undefined) throw new ApiFailure('unknown-path', `Invalid URL (${method} ${path})`)
  if (route.method !== method) throw new ApiFailure('wrong-method', `Not allowed to ${method} on ${path}`)
  if (api === 'anthropic' && headers['anthropic-version'] === undefined)
    throw new ApiFailure('invalid', 'anthropic-version: header is required')
  return route.answer(exchange)
}

function requireKey(api: Api, headers: IncomingHttpHeaders, apiKey: string): void {
  const bearer = /^bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  const sent = api === 'anthropic' ? (headers['x-api-key'] ?? bearer) : bearer
  if (typeof sent === 'string' && timingSafeEqual(digest(sent), digest(apiKey))) return
  throw new ApiFailure(
    'unauthenticated',
    api === 'anthropic' ? 'invalid x-api-key' : 'Incorrect API key provided.',
  )
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
