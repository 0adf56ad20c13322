import {
  type HeaderFilter,
  type HeaderList,
  headerFilter,
  passHeaders,
  remembering,
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

/**
 * The headers that the upstream gets, framing apart: what the client sent without anything that speaks for the
 * connection, for a caller, or for a network path; then the upstream's credential and the identity, in this order.
 * Headers named in `Connection` go before ours come, so that a client cannot have ours removed (RFC 9110 §7.6.1).
 */
export function upstreamHeaders(
  rawHeaders: readonly string[],
  removed: HeaderFilter,
  identity: readonly string[],
  upstream: Pick<Upstream, 'host' | 'headers' | 'overridden'>,
): HeaderList {
  const headers = passHeaders(rawHeaders, (name) => removed(name) || upstream.overridden(name))
  headers.push('host', upstream.host)
  for (const [name, value] of upstream.headers) if (!identity.includes(name)) headers.push(name, value)
  for (const field of identity) headers.push(field)
  return headers
}
