import { ServerResponse } from 'node:http'
import type { AnswerHead } from '../admission/admission.js'
import {
  collectHeaders,
  type HeaderFields,
  type HeaderFilter,
  type HeaderList,
  HOP_BY_HOP,
  headerFilter,
  headerIn,
  passHeaders,
  remembering,
  removeHeaders,
} from './header-fields.js'
import type { Upstream } from './upstream.js'

/** Orders to a server or a cache in front of the gate: to send a file, another page, or to judge its health. */
const INTERNAL_ORDERS = [
  'x-accel-*',
  'x-sendfile*',
  'x-lighttpd-*',
  'x-litespeed-*',
  'x-reproxy-*',
  'x-envoy-*',
  'surrogate-*',
  'cdn-cache-control',
]

/** What a browser keeps, or does, for a whole origin: an upstream must not plant a session cookie there. */
const SPEAKS_FOR_THE_ORIGIN = [
  'set-cookie',
  'set-cookie2',
  'set-login',
  'sec-session-*',
  'secure-session-*',
  'clear-site-data',
  'strict-transport-security',
  'public-key-pins',
  'public-key-pins-report-only',
  'expect-ct',
  'alt-svc',
  'nel',
  'report-to',
  'reporting-endpoints',
  'origin-agent-cluster',
  'service-worker-allowed',
  'accept-ch',
  'critical-ch',
  'speculation-rules',
  'use-as-dictionary',
  'access-control-allow-credentials',
]

/** By these the gate says who somebody is, to proxies and to upstreams: from an upstream they would be its invention. */
const NAMES_SOMEBODY = ['x-portcullis-*', 'x-auth-request-*']

/**
 * Upstream headers that never reach a client: those of the connection, those that would speak for the gate's whole
 * origin, those that would lead a browser or a server in front elsewhere, and those that name the upstream or ask for
 * its key.
 */
export const REMOVED_RESPONSE_HEADERS: readonly string[] = [
  ...HOP_BY_HOP,
  ...SPEAKS_FOR_THE_ORIGIN,
  ...INTERNAL_ORDERS,
  'refresh',
  ...NAMES_SOMEBODY,
  'www-authenticate',
  'authentication-info',
  'server',
  'via',
]

/** Where a proxy behind the gate has sent the request on to. */
const NAMES_AN_UPSTREAM = /(?:^|-)(?:api-?base|upstream)(?:-ur[il])?$/

/** Asks a server in front not to hold events back: about this response alone, and without harm. */
const isHarmlessOrder = headerFilter(['x-accel-buffering'])

export function responseHeaderFilter(more: readonly string[]): HeaderFilter {
  const isUsuallyRemoved = headerFilter(REMOVED_RESPONSE_HEADERS)
  const isRemoved = headerFilter(more)
  return remembering(
    (name) =>
      isRemoved(name) || NAMES_AN_UPSTREAM.test(name) || (isUsuallyRemoved(name) && !isHarmlessOrder(name)),
  )
}

/** How responses of an upstream are passed on. */
export interface ResponseRules {
  readonly removed: HeaderFilter
  /** Whether a page of the upstream is kept from acting as a page of the gate's origin. */
  readonly isSandboxed: boolean
}

const isOfTheConnection = headerFilter(HOP_BY_HOP)

/** As the upstream sent it, for admissions and those who watch. */
export function answerHead(status: number, rawHeaders: readonly string[]): AnswerHead {
  return { status, headers: collectHeaders(rawHeaders, isOfTheConnection) }
}

/** The upstream's headers for the client, with the upstream's own address taken out of references. */
export function clientHeaders(
  rawHeaders: readonly string[],
  { removed, isSandboxed }: ResponseRules,
  upstream: Pick<Upstream, 'origin' | 'basePath' | 'target'>,
): HeaderList {
  const headers = passHeaders(rawHeaders, removed)
  for (const name of REFERENCES) {
    const value = headerIn(headers, name)
    if (value === undefined) continue
    // Of several nobody can say which one counts.
    const isOnly = headers.lastIndexOf(name) === headers.indexOf(name)
    const reference = isOnly ? withoutUpstream(value, upstream) : undefined
    removeHeaders(headers, (each) => each === name)
    if (reference !== undefined) headers.push(name, reference)
  }
  for (let at = 0; at < headers.length; at += 2)
    if (headers[at] === 'link') headers[at + 1] = relink(headers[at + 1] ?? '', upstream)
  return isSandboxed ? sandboxed(headers) : headers
}

const REFERENCES = ['location', 'content-location']

/**
 * All policies hold together, so that what the upstream sends cannot weaken what comes from here; of several `sandbox`
 * directives the last one counts (HTML, "CSP-derived sandboxing flags"), hence ours stands at the end.
 */
function sandboxed(headers: HeaderList): HeaderList {
  removeHeaders(headers, (name) => name === 'x-content-type-options')
  headers.push('x-content-type-options', 'nosniff', POLICY, 'sandbox')
  return headers
}

/** No redirect to one of these is meant for a browser, and some clients show it as a link. */
const RUNS_AS_CODE: ReadonlySet<string> = new Set(['javascript:', 'vbscript:', 'data:'])

const PATH_RELATIVE = /^(?![a-z][a-z0-9+.-]*:|[\\/])/i

/**
 * Turns a reference to the upstream into one that leads through the gate; undefined for what is no reference, or code. One to
 * another host is the upstream's to make, with a scheme or without; none to another host comes about here.
 */
function withoutUpstream(
  reference: string,
  { origin, basePath, target }: Pick<Upstream, 'origin' | 'basePath' | 'target'>,
): string | undefined {
  const base = `${origin}${basePath}/`
  if (!URL.canParse(reference, base)) return undefined
  const url = new URL(reference, base)
  if (RUNS_AS_CODE.has(url.protocol)) return undefined
  // Not the origin: an upstream behind its own TLS proxy names itself with another scheme or port.
  if (url.hostname !== target.hostname || PATH_RELATIVE.test(reference)) return reference
  const path = url.pathname.startsWith(`${basePath}/`) ? url.pathname.slice(basePath.length) : url.pathname
  // Two slashes in front would name a host (RFC 3986 §4.2).
  return path.replace(/^[\\/]+/, '/') + url.search + url.hash
}

/** RFC 8288 §3: the target of each link stands in angle brackets. */
function relink(link: string, upstream: Pick<Upstream, 'origin' | 'basePath' | 'target'>): string {
  return link.replace(
    /<([^<>]*)>/g,
    (_, reference: string) => `<${withoutUpstream(reference, upstream) ?? ''}>`,
  )
}

/** Begins an answer. */
export function sendHead(res: ServerResponse, status: number, headers: HeaderList): void {
  // What has put itself before `writeHead`, such as a middleware that compresses, looks at headers that were set.
  if (res.getHeaderNames().length === 0 && res.writeHead === ServerResponse.prototype.writeHead) {
    res.writeHead(status, headers)
    return
  }
  for (const [name, value] of Object.entries(withEarlier(collectHeaders(headers, removesNone), res)))
    res.setHeader(name, value)
  res.writeHead(status)
}

const removesNone: HeaderFilter = () => false

/**
 * Where somebody before us has decided who may read this response from another site, the upstream has no say in it: its
 * origin beside their credentials would let any site in. What a response varies by, and the policies of its page, add
 * up.
 */
function withEarlier(headers: HeaderFields, res: ServerResponse): HeaderFields {
  const earlier = res.getHeaderNames()
  if (earlier.length === 0) return headers
  const vary = res.getHeader('vary')
  const policy = res.getHeader(POLICY)
  const isDecided = earlier.some((name) => name.startsWith(CORS))
  const kept = Object.entries(headers).filter(([name]) => !isDecided || !name.startsWith(CORS))
  const merged: HeaderFields = Object.fromEntries(kept)
  if (vary !== undefined && headers.vary !== undefined) merged.vary = [vary, headers.vary].flat().join(', ')
  if (policy !== undefined && headers[POLICY] !== undefined)
    merged[POLICY] = [policy, headers[POLICY]].flat().map(String)
  return merged
}

const POLICY = 'content-security-policy'

const CORS = 'access-control-'
