import { boundedMap } from '../encoding/bounded-map.js'
import type { Framing } from '../request/head.js'
import {
  collectHeaders,
  type HeaderFields,
  type HeaderFilter,
  headerFilter,
  nominatedBy,
} from './header-fields.js'
import { NEVER_ALLOWED, REMOVED_REQUEST_HEADERS, saysWho } from './removed-request-headers.js'
import type { Upstream } from './upstream.js'

export interface RequestHeaderRules {
  /** Let through although it is removed by default. */
  readonly allowed: readonly string[]
  /** Removed by default, beside `REMOVED_REQUEST_HEADERS`. */
  readonly distrusted: readonly string[]
  /** Removed whatever is allowed. */
  readonly removed: readonly string[]
  /** Whether nothing else than what is allowed passes. */
  readonly onlyAllowed: boolean
}

/** Which inbound headers are removed. */
export function requestHeaderFilter({
  allowed,
  distrusted,
  removed,
  onlyAllowed,
}: RequestHeaderRules): HeaderFilter {
  const isRefused = headerFilter([...NEVER_ALLOWED, ...removed])
  const isAllowed = headerFilter(allowed)
  const isUsuallyRemoved = headerFilter([...REMOVED_REQUEST_HEADERS, ...distrusted])
  return remembering(
    (name) =>
      isRefused(name) || (!isAllowed(name) && (onlyAllowed || isUsuallyRemoved(name) || saysWho(name))),
  )
}

const REMEMBERED_AT_MOST = 1_000

/** Clients send the same few names with every request. */
function remembering(filter: HeaderFilter): HeaderFilter {
  const verdicts = boundedMap<string, boolean>(REMEMBERED_AT_MOST)
  return (name) => {
    const known = verdicts.get(name)
    if (known !== undefined) return known
    const verdict = filter(name)
    verdicts.set(name, verdict)
    return verdict
  }
}

/**
 * The headers that the upstream gets: what the client sent without anything that speaks for the connection, for a
 * caller, or for a network path; then the framing, the identity, and the upstream's credential, in this order.
 * Headers named in `Connection` go before ours come, so that a client cannot have ours removed (RFC 9110 §7.6.1).
 */
export function upstreamHeaders(
  rawHeaders: readonly string[],
  framing: Framing,
  removed: HeaderFilter,
  identity: Readonly<Record<string, string>>,
  upstream: Pick<Upstream, 'host' | 'headers' | 'overridden'>,
): HeaderFields {
  const nominated = nominatedBy(rawHeaders)
  const headers = collectHeaders(
    rawHeaders,
    (name) => removed(name) || nominated.has(name) || upstream.overridden(name),
  )
  headers.host = upstream.host
  if (framing === 'chunked') headers['transfer-encoding'] = 'chunked'
  else if (framing !== 'none') headers['content-length'] = framing.length
  return Object.assign(headers, upstream.headers, identity)
}
