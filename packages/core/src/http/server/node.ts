import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import type { Decision } from '../../authentication/authenticate.js'
import type { Identity } from '../../authentication/identity.js'
import { type Denial, denial } from '../../errors/denial.js'
import type { Gate } from '../../gate/gate.js'
import { Connection, checkListener, inTurn, LEFT } from '../../request/connection.js'
import { parseTarget, refuseHead, refuseMessage, targetOf } from '../../request/head.js'
import type { RequestView } from '../../request/view.js'
import { checkMount } from './check-server.js'
import { isUnasked } from './continue.js'
import { bodyStream, discardRest } from './node-body.js'

/** What frameworks add to a Node request: the target before they rewrote it, and a body that they have read. */
export type NodeRequest = IncomingMessage & { readonly originalUrl?: unknown; readonly body?: unknown }

/**
 * The head of a Node request as the gate reads it; nothing of the body is touched. With the public origin of the gate,
 * a target in absolute-form of that origin is read as the path that it names (RFC 9112 §3.2.2).
 */
export function viewOf(req: NodeRequest, publicUrl = ''): RequestView {
  const { remoteAddress } = req.socket
  return {
    method: req.method ?? 'GET',
    target: targetOf(req, publicUrl),
    rawHeaders: req.rawHeaders,
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  }
}

/**
 * The whole of a Node request as a `Request`. Its origin is the public one, never the `Host` header. A body that an
 * earlier middleware has parsed is taken from `req.body`.
 */
export function requestOf(req: NodeRequest, publicUrl: string, signal?: AbortSignal): Request {
  const method = req.method ?? 'GET'
  const headers = new Headers()
  for (let at = 0; at < req.rawHeaders.length; at += 2)
    headers.append(req.rawHeaders[at] ?? '', req.rawHeaders[at + 1] ?? '')
  const init: RequestInit = { method, headers, ...(signal && { signal }) }
  if (method === 'GET' || method === 'HEAD') return new Request(publicUrl + targetOf(req, publicUrl), init)
  const url = publicUrl + targetOf(req, publicUrl)
  return new Request(url, { ...init, body: bodyOf(req), duplex: 'half' } as RequestInit)
}

/**
 * Sends a `Response`: its headers over those that were set before, its cookies beside them, the body as it comes, and
 * no further once the client is gone.
 */
export async function sendResponse(
  response: Response,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  res.statusCode = response.status
  for (const [name, value] of response.headers) if (name !== 'set-cookie') res.setHeader(name, value)
  for (const cookie of response.headers.getSetCookie()) res.appendHeader('set-cookie', cookie)
  if (!response.body || req.method === 'HEAD') {
    await response.body?.cancel()
    res.end()
    return
  }
  // A response that waits behind another has no socket whose end would end it.
  const gone = new AbortController()
  const connection = Connection.of(req.socket)
  const forget = connection.onGone(() => gone.abort())
  try {
    await pipeline(Readable.fromWeb(response.body as NodeReadableStream), res, { signal: gone.signal })
  } catch (cause) {
    if (!res.destroyed && !connection.isGone) throw cause
  } finally {
    forget()
  }
}

/**
 * Answers a request of somebody who was let in. `req.url` may be in absolute form of the public origin (RFC 9112 §3.2.2);
 * `viewOf(req, gate.publicUrl).target` is the path in any case. What it streams is not cut by itself: `recheckFor`.
 */
export type Handler = (req: IncomingMessage, res: ServerResponse, identity: Identity) => unknown

/**
 * The gate as a listener of `node:http`: `createServer(listener(gate, handler))`. Answers the gate's own paths, denials
 * and logins; calls `handler` for whoever is let in. What `handler` throws or rejects with goes to the gate's `onEvent`
 * and is answered as a problem (500, or 503 for a store that cannot answer); a response that has begun is broken off.
 * Requests of one connection get there as `inTurn` says. Throws `configuration_invalid` for what is no gate or no function.
 */
export function listener(gate: Gate, handler: Handler): (req: IncomingMessage, res: ServerResponse) => void {
  checkMount(gate)
  checkListener(handler)
  return inTurn((req, res) => {
    serve(gate, handler, req, res).catch(() => res.destroy())
  })
}

async function serve(gate: Gate, handler: Handler, req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    const identity = await admit(gate, req, res)
    if (identity) await handler(req, res, identity)
  } catch (cause) {
    const response = gate.refuse(cause, pathOf(req, gate.publicUrl))
    if (res.headersSent) throw cause
    forgetContent(res)
    await sendResponse(answerUnread(response, req), req, res)
  }
}

/** What was said about a body that will not come. */
function forgetContent(res: ServerResponse): void {
  for (const name of res.getHeaderNames())
    if (/^(content-|etag$|last-modified$|transfer-encoding$)/.test(name)) res.removeHeader(name)
}

/** Whom the gate lets on, or what it answers instead. */
export type Answer = Identity | Response

/**
 * The gate in front of a Node request, for adapters of frameworks that send a `Response` themselves. The answer is the
 * gate's own page, a denial, a login or a malfunction; nothing was sent yet. Never rejects for what a client did.
 */
export function decide(gate: Gate, req: NodeRequest): Promise<Answer> {
  return decideBy<never>(gate, req, (view) => gate.authenticate(view))
}

/**
 * The gate in front of a Node request. Answers the gate's own paths, denials, logins and malfunctions itself and
 * resolves undefined; resolves the identity of whoever may go on. Never rejects for what a client did.
 */
export async function admit(
  gate: Gate,
  req: NodeRequest,
  res: ServerResponse,
): Promise<Identity | undefined> {
  const answer = await decide(gate, req)
  if (!(answer instanceof Response)) return answer
  await sendResponse(answer, req, res)
  return undefined
}

/** As `decide`, with a judgement of one's own beyond the gate's paths; `undefined` is nobody, who may go on. */
export async function decideBy<Nobody extends undefined = never>(
  gate: Gate,
  req: NodeRequest,
  judge: (view: RequestView) => Promise<Decision | Nobody>,
): Promise<Answer | Nobody> {
  const judged = await Connection.of(req.socket).judgeInOrder(() => judgeRequest(gate, req, judge))
  // Nobody gets this answer.
  const answer = judged === LEFT ? gate.refuse(denial('framing_ambiguous'), '') : judged
  return answer instanceof Response ? answerUnread(answer, req) : answer
}

/** An answer to a request whose body nobody will read to its end. */
export function answerUnread(answer: Response, req: IncomingMessage): Response {
  // RFC 9110 §15.5.9: whoever was too slow is not waited for any longer. A body that was not asked for may come or not.
  if (answer.status === 408 || isUnasked(req)) answer.headers.set('connection', 'close')
  else discardRest(req)
  return answer
}

async function judgeRequest<Nobody extends undefined>(
  gate: Gate,
  req: NodeRequest,
  judge: (view: RequestView) => Promise<Decision | Nobody>,
): Promise<Answer | Nobody> {
  const view = viewOf(req, gate.publicUrl)
  const path = pathOf(req, gate.publicUrl)
  const malformed = refuseBehind(req) ?? refuseHead(view)
  if (malformed) return gate.refuse(malformed, path)
  try {
    if (gate.owns(path)) {
      const { remoteAddress } = view
      return await gate.handle(
        requestOf(req, gate.publicUrl),
        remoteAddress === undefined ? {} : { remoteAddress },
      )
    }
    const decision = await judge(view)
    if (decision === undefined) return decision
    if (decision.outcome === 'allow') return decision.identity
    if (decision.outcome === 'deny') return gate.refuse(decision.denial, path)
    const headers = { location: decision.location, 'cache-control': 'no-store' }
    return new Response(null, { status: 302, headers })
  } catch (cause) {
    return gate.refuse(cause, path)
  }
}

/** What is wrong with a message, or with what was sent before it on its connection. */
function refuseBehind(req: NodeRequest): Denial | undefined {
  const connection = Connection.of(req.socket)
  // Nobody gets this answer: the one before it ends the connection.
  if (connection.isEnding) return denial('framing_ambiguous')
  const refusal = refuseMessage(req)
  if (refusal) connection.end()
  return refusal
}

/** The path by which the gate judges a request; empty when it has no single reading. */
export function pathOf(req: NodeRequest, publicUrl: string): string {
  return parseTarget(targetOf(req, publicUrl))?.path ?? ''
}

function bodyOf(req: NodeRequest): ReadableStream | Uint8Array | string {
  const { body } = req
  if (body === undefined || (!req.readableEnded && !isParsed(body))) return bodyStream(req)
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  const isForm = req.headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded')
  return isForm ? new URLSearchParams(body as Record<string, string>).toString() : JSON.stringify(body)
}

/** Some frameworks put an empty object there before anything was read. */
function isParsed(body: unknown): boolean {
  return typeof body !== 'object' || body === null || Object.keys(body).length > 0
}
