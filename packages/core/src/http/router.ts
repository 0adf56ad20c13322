import { Hono } from 'hono'
import { type Decision, sendToLoginOr } from '../authentication/authenticate.js'
import type { Identity } from '../authentication/identity.js'
import { actorOf, type RequestTrace } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import type { Pages } from '../context/options.js'
import { type Denial, denial } from '../errors/denial.js'
import { done, type Outcome } from '../errors/outcome.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { type Problem, problemOfDenial, problemOfError } from '../errors/problem.js'
import { readIdempotencyKey } from '../idempotency/key.js'
import { limitGuess, unproven } from '../rate-limit/limit-guess.js'
import { headerValues, refuseHead } from '../request/head.js'
import { isNavigation, mayActOnSession } from '../request/same-origin.js'
import type { RequestView } from '../request/view.js'
import { redirect, refuse, refuseProblem } from './answers/answer.js'
import { oauthMalfunction, oauthRefusal } from './answers/oauth-error.js'
import { problemPage } from './answers/page.js'
import { type AuditAdminCall, auditAdminCalls } from './audit-reads-and-refusals.js'
import { admitCaller } from './authorize-caller.js'
import { readBody, readForm, readQuery } from './body.js'
import type { Route, RouteContext } from './route.js'
import { envoyAuthRoute } from './routes/auth-request.js'
import type { RouteTable } from './table.js'
import { answerUnderLimit, refuseByAddress } from './under-limit.js'

/** What the platform knows of a request beside its head. */
export interface Peer {
  readonly remoteAddress?: string
}

interface Call {
  readonly request: Request
  readonly view: RequestView
  readonly url: URL
  readonly address: string | undefined
  readonly auditAdminCall: AuditAdminCall
}

export interface Routes {
  /** Answers whatever the gate owns. Never rejects. */
  handle(request: Request, peer?: Peer): Promise<Response>
}

/** Mounts a table of routes. */
export function createRoutes(context: GateContext, { routes, pages }: RouteTable): Routes {
  const auditAdminCall = auditAdminCalls(context)
  const router = new Hono<{ Bindings: Call }>({ strict: true })
  // Malfunctions are answered in one place, below.
  router.onError((cause) => {
    throw cause
  })
  for (const route of routes)
    router.on(route.method, honoPath(route.path), ({ env, req }) =>
      answerRoute(context, route, env, req.param() as Record<string, string>),
    )
  if (context.options.authRequest.proxy === 'envoy')
    router.all(envoyAuthRoute.path, ({ env }) => answerRoute(context, envoyAuthRoute, env, {}))
  for (const path of new Set(routes.map((route) => route.path)))
    router.all(honoPath(path), () => refuse(denial('method_refused'), { allow: allowed(routes, path) }))
  router.all('*', ({ env }) => answerPage(context, pages, env))

  return {
    async handle(request, peer = {}) {
      const url = new URL(request.url)
      const view = viewOfRequest(request, url, peer)
      try {
        const malformed = refuseHead(view)
        const response = malformed
          ? refuse(malformed)
          : await router.fetch(request, {
              request,
              view,
              url,
              address: context.addressOf(view),
              auditAdminCall,
            })
        return response.status >= 400 && isNavigation(view) ? await asPage(response) : response
      } catch (cause) {
        // The only range that a caller can miss once the schema has passed is the cursor's.
        if (cause instanceof RangeError)
          return refuse(denial('input_invalid', { detail: 'cursor: unknown.' }))
        const problem = reportFailure(context, { request, url }, cause)
        return isNavigation(view) ? problemPage(problem) : refuseProblem(problem)
      }
    },
  }
}

async function answerRoute(
  context: GateContext,
  route: Route,
  call: Call,
  params: Record<string, string>,
): Promise<Response> {
  const answer = async () => {
    const prepared = await prepare(context, route, call)
    const trace = traceOf(call.view, call.address)
    const identity = prepared.ok ? prepared.value.identity : prepared.caller
    const actor = identity && actorOf(identity, trace)
    const response = prepared.ok
      ? await answerUnderLimit(route, { gate: context, ...call, ...prepared.value, actor, trace, params })
      : (refuseByAddress(route, { gate: context, address: call.address }) ??
        refuseRoute(context, route, call, prepared.denial))
    if (actor) context.auditQueue.expect(call.auditAdminCall(route, actor, response))
    return response
  }
  const { errors } = route
  if (errors === undefined) return answer()
  const answerProblem = errors === 'oauth' ? oauthMalfunction : errors.answer
  return answer().catch((cause: unknown) => answerProblem(reportFailure(context, call, cause)))
}

function reportFailure(
  context: GateContext,
  { request, url }: Pick<Call, 'request' | 'url'>,
  cause: unknown,
): Problem {
  const problem = problemOfError(cause)
  const { message, options } = cause instanceof PortcullisError ? cause : { message: undefined, options: [] }
  const detail = `${request.method} ${url.pathname} failed${message === undefined ? '' : `: ${message}`}`
  const more = options.length === 0 ? {} : { options }
  context.strangers.report({ level: 'error', code: problem.code, detail, ...more, cause })
  return problem
}

/** A browser that follows a link here logs in first and comes back. */
function refuseRoute(context: GateContext, route: Route, call: Call, refusal: Denial): Response {
  const { view } = call
  const answered = route.refusal?.(context, call, refusal)
  if (answered) return answered
  if (route.errors === 'oauth') return oauthRefusal(refusal)
  if (route.errors) return route.errors.answer(problemOfDenial(limitGuess(context, view, refusal)))
  if (route.method !== 'GET' || typeof route.access === 'object')
    return refuse(limitGuess(context, view, refusal))
  return answerDecision(sendToLoginOr(context, view, refusal), refusal)
}

type Prepared = Pick<RouteContext, 'identity' | 'query' | 'body' | 'idempotencyKey'>

/** Who calls comes before what they send: nobody learns the shape of what is not theirs to use. */
async function prepare(
  context: GateContext,
  route: Route,
  call: Call,
): Promise<Outcome<Prepared> & { readonly caller?: Identity }> {
  let identity: Identity | undefined
  if (route.access === 'public') {
    // OAuth clients prove themselves in what they send; what a browser adds by itself changes nothing there.
    const actsOnCookies = route.method !== 'GET' && route.errors !== 'oauth'
    if (actsOnCookies && !mayActOnSession(call.view, context.options.publicUrl))
      return { ok: false, denial: denial('cross_site_request') }
  } else if (typeof route.access === 'object') {
    const refusal = route.access.refuse(call.view)
    if (refusal) return { ok: false, denial: unproven(context.options.denials, refusal) }
  } else {
    const judged = route.judgedBy?.(context, call.view) ?? done(call.view)
    if (!judged.ok) return judged
    const admitted = await admitCaller(context, judged.value, route.access)
    if (!admitted.ok) {
      const { denial: refusal, refused: caller } = admitted
      return { ok: false, denial: refusal, ...(caller && { caller }) }
    }
    identity = admitted.value
  }
  const caller = identity ? { caller: identity } : {}
  const key = route.idempotent ? readIdempotencyKey(call.view.rawHeaders) : done(undefined)
  if (!key.ok) return { ...key, ...caller }
  const idempotencyKey = key.value
  const query = route.query ? await readQuery(call.url, route.query) : done(undefined)
  if (!query.ok) return { ...query, ...caller }
  const body = await readInput(route, call.request, context.options.bodyDeadlineMs)
  if (!body.ok) return { ...body, ...caller }
  const prepared = { identity, query: query.value, body: body.value }
  return done(idempotencyKey === undefined ? prepared : { ...prepared, idempotencyKey })
}

async function readInput(route: Route, request: Request, deadlineMs: number): Promise<Outcome<unknown>> {
  if (route.form) return readForm(request, route.form, deadlineMs)
  if (!route.body) return done(undefined)
  const mediaTypes = typeof route.errors === 'object' ? route.errors.accepts : undefined
  return readBody(request, route.body, deadlineMs, mediaTypes)
}

async function answerPage(
  context: GateContext,
  all: readonly Pages[],
  { request, view, url }: Call,
): Promise<Response> {
  const pages = all.find((candidate) => candidate.owns(url.pathname))
  if (!pages) return refuse(denial('not_found'))
  const refusal = await refusePage(context, pages, view, url)
  if (!refusal) return pages.handle(request)
  return answerDecision(sendToLoginOr(context, view, refusal), refusal)
}

function answerDecision(decision: Decision, refusal: Denial): Response {
  if (decision.outcome === 'login') return redirect(decision.location)
  return refuse(decision.outcome === 'deny' ? decision.denial : refusal)
}

async function refusePage(
  context: GateContext,
  pages: Pages,
  view: RequestView,
  url: URL,
): Promise<Denial | undefined> {
  if (pages.isPublic(url.pathname)) return undefined
  const admitted = await admitCaller(context, view, 'account')
  return admitted.ok ? undefined : admitted.denial
}

function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

function allowed(routes: readonly Route[], path: string): string {
  const methods = routes.filter((route) => route.path === path).map((route) => route.method)
  return [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))].join(', ')
}

function viewOfRequest(request: Request, url: URL, { remoteAddress }: Peer): RequestView {
  return {
    method: request.method,
    target: url.pathname + url.search,
    rawHeaders: [...request.headers].flat(),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  }
}

/** What programs get as a problem body, people get as a page. */
async function asPage(response: Response): Promise<Response> {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return response
  const page = await problemPage((await response.json()) as Problem)
  for (const name of ['retry-after', 'www-authenticate', 'allow']) {
    const value = response.headers.get(name)
    if (value !== null) page.headers.set(name, value)
  }
  return page
}

/** What programs make request ids of; anything else could not be told from other text in a log. */
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/

/** Where a request came from, and how whoever is in front of the gate named it in `X-Request-Id`. Proves nothing. */
function traceOf(view: RequestView, address: string | undefined): RequestTrace {
  const [requestId, ...more] = headerValues(view.rawHeaders, 'x-request-id')
  const isId = requestId !== undefined && more.length === 0 && REQUEST_ID.test(requestId)
  return {
    ...(address === undefined ? {} : { address }),
    ...(isId ? { requestId } : {}),
  }
}
