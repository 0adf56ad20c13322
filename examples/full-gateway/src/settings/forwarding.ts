import type { ForwardOptions } from '@portcullis/core/proxy'
import type { Values } from './values.js'

/** What of a request reaches the upstream, and what of its answers a browser may run; absent: the default of core and of `llmHeaders()`. */
export type ForwardingSettings = Pick<
  ForwardOptions,
  'identityHeaders' | 'allowRequestHeaders' | 'forwardRequestHeaders' | 'upstreamPages'
>

export function readForwarding(values: Values, problems: string[]): ForwardingSettings {
  const {
    IDENTITY_HEADERS: identityHeaders,
    ALLOW_REQUEST_HEADERS: allowRequestHeaders,
    FORWARD_REQUEST_HEADERS: forwardRequestHeaders,
    UPSTREAM_PAGES: upstreamPages,
  } = values
  if (forwardRequestHeaders === 'listed' && allowRequestHeaders === undefined)
    problems.push('ALLOW_REQUEST_HEADERS: required with FORWARD_REQUEST_HEADERS=listed; list what passes')
  return {
    ...(identityHeaders && { identityHeaders }),
    ...(allowRequestHeaders && { allowRequestHeaders }),
    ...(forwardRequestHeaders && { forwardRequestHeaders }),
    ...(upstreamPages && { upstreamPages }),
  }
}
