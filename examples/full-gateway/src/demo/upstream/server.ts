import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { listen, stop } from '../listen.js'
import type { DemoLog } from '../log.js'
import { refuseProduction } from '../refuse-production.js'
import { BrokenConnection, type Exchange, type Reply } from './exchange.js'
import { ApiFailure, renderForAnthropic, renderForOpenAi } from './failure.js'
import { readJson } from './read-json.js'
import { type Api, answer, apiOf } from './routes.js'

export interface DemoUpstreamOptions {
  /** 0 or absent: any free port. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
  readonly production: boolean
  readonly log: DemoLog
  /** Requests without it are refused. Absent: every request is answered. */
  readonly apiKey?: string
  /** Time between two pieces of an answer. Default 25. */
  readonly chunkDelayMs?: number
}

/** What the demo upstream has done since it started. */
export interface DemoUpstreamStats {
  readonly requests: number
  /** Streams that are being written now. */
  readonly activeStreams: number
  readonly completedStreams: number
  /** Streams whose client went away before the end; nothing more was generated for them. */
  readonly abortedStreams: number
}

export interface DemoUpstream {
  readonly url: string
  stats(): DemoUpstreamStats
  /** Stops at once; answers under way break off. */
  close(): Promise<void>
}

/**
 * An upstream for trying the gateway: speaks Anthropic Messages and OpenAI Chat Completions, Responses, Embeddings and
 * Models, in JSON and in events, with usage figures; no model thinks. Models named `demo-…` fail on demand. Stops
 * generating when the client goes away. Throws `PortcullisError` `configuration_invalid` in production.
 */
export async function startDemoUpstream(options: DemoUpstreamOptions): Promise<DemoUpstream> {
  refuseProduction(options.production, 'demo upstream', 'UPSTREAM_URL')
  const { log, host = '127.0.0.1', chunkDelayMs = 25 } = options
  const stats = { requests: 0, activeStreams: 0, completedStreams: 0, abortedStreams: 0 }

  const respond = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    stats.requests++
    const gone = new AbortController()
    res.once('close', () => gone.abort())
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/'
    const api = apiOf(path, req.headers)
    const requestId = `req_${randomBytes(12).toString('hex')}`
    setHeaders(res, api, requestId)
    const exchange: Exchange = {
      method: req.method ?? 'GET',
      path,
      headers: req.headers,
      body: () => readJson(req),
      think: (slowness = 1) => wait(chunkDelayMs * slowness, undefined, { signal: gone.signal }),
    }
    try {
      const reply = await answer(exchange, api, options.apiKey)
      if (reply.kind === 'json') sendJson(res, 200, reply.body)
      else await sendEvents(res, reply.frames, gone.signal, stats)
    } catch (cause) {
      if (cause instanceof BrokenConnection) res.socket?.resetAndDestroy()
      else if (!gone.signal.aborted && req.errored === null) fail(res, api, requestId, cause, log)
    }
  }

  const server = createServer((req, res) => void respond(req, res))
  const port = await listen(server, options.port ?? 0, host)
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  log.warn({ url }, 'demo upstream: not for production')
  return { url, stats: () => ({ ...stats }), close: () => stop(server) }
}

function setHeaders(res: ServerResponse, api: Api, requestId: string): void {
  if (api === 'anthropic') {
    res.setHeader('request-id', requestId)
  } else {
    res.setHeader('x-request-id', requestId)
    res.setHeader('openai-version', '2020-10-01')
    res.setHeader('openai-processing-ms', '25')
  }
}

function sendJson(res: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length })
  res.end(bytes)
}

type Frames = Extract<Reply, { kind: 'events' }>['frames']

async function sendEvents(
  res: ServerResponse,
  frames: Frames,
  gone: AbortSignal,
  stats: { activeStreams: number; completedStreams: number; abortedStreams: number },
): Promise<void> {
  stats.activeStreams++
  try {
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
    for await (const frame of frames) {
      if (gone.aborted) return
      if (!res.write(frame)) await drained(res, gone)
    }
    res.end()
    stats.completedStreams++
  } finally {
    stats.activeStreams--
    if (gone.aborted) stats.abortedStreams++
  }
}

/** Until the client has taken what was written, or has gone away. */
async function drained(res: ServerResponse, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return
  await new Promise<void>((resolve) => {
    const done = () => {
      res.off('drain', done)
      res.off('close', done)
      resolve()
    }
    res.on('drain', done)
    res.on('close', done)
  })
}

function fail(res: ServerResponse, api: Api, requestId: string, cause: unknown, log: DemoLog): void {
  const failure = cause instanceof ApiFailure ? cause : new ApiFailure('internal', 'Internal server error')
  if (failure !== cause) log.error({ err: cause }, 'demo upstream failed')
  if (res.headersSent) {
    res.destroy()
    return
  }
  const { status, headers, body } =
    api === 'anthropic' ? renderForAnthropic(failure, requestId) : renderForOpenAi(failure)
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  sendJson(res, status, body)
}
