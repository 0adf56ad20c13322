import type { IncomingMessage } from 'node:http'
import { headerValues } from '../credentials.js'
import { denial } from '../decision.js'
import { MALFUNCTIONS, type Problem, problemOfDenial } from '../problem.js'
import type { Framing } from './headers.js'

/** Problems that only forwarding has. Their codes are part of the contract like all others. */
export const FORWARDING_PROBLEMS = {
  upgrade_refused: {
    code: 'upgrade_refused',
    status: 501,
    title: 'Upgrade refused',
    detail: 'The gate forwards plain HTTP exchanges only: no WebSocket, no h2c.',
  },
  transfer_coding_refused: {
    code: 'transfer_coding_refused',
    status: 501,
    title: 'Transfer coding refused',
    detail: 'The only transfer coding understood here is chunked.',
  },
  framing_ambiguous: {
    code: 'framing_ambiguous',
    status: 400,
    title: 'Ambiguous body length',
    detail: 'Send either Content-Length or Transfer-Encoding, once.',
  },
  upstream_refused: {
    code: 'upstream_refused',
    status: 502,
    title: 'Upstream refused the gate',
    detail:
      'Your credential is fine; the service behind the gate refused the gate itself. Ask an administrator.',
  },
  access_withdrawn: {
    code: 'access_withdrawn',
    status: 403,
    title: 'Access withdrawn',
    detail: 'The access of this account or credential ended while the request was running.',
  },
} as const satisfies Record<string, Problem>

const REFUSED_METHODS: ReadonlySet<string> = new Set(['TRACE', 'TRACK', 'CONNECT'])

/** What may be forwarded, or why not. */
export type Admission = { readonly framing: Framing } | { readonly problem: Problem }

/** Looks at what a request wants of the connection, before any upstream hears of it. */
export function admit(req: IncomingMessage): Admission {
  if (REFUSED_METHODS.has(req.method ?? '')) return { problem: problemOfDenial(denial('method_refused')) }
  if (
    headerValues(req.rawHeaders, 'upgrade').length > 0 ||
    headerValues(req.rawHeaders, 'http2-settings').length > 0
  )
    return { problem: FORWARDING_PROBLEMS.upgrade_refused }
  const admission = admitFraming(req)
  // Everything past this point pipes the body, and a body that is gone would leave the upstream waiting for it.
  if ('framing' in admission && req.readableDidRead)
    return { problem: { code: 'body_already_read', ...MALFUNCTIONS.body_already_read } }
  return admission
}

/** RFC 9112 §6.1 and §6.3: one length, or `chunked` alone, never both. */
function admitFraming(req: IncomingMessage): Admission {
  const codings = headerValues(req.rawHeaders, 'transfer-encoding')
  const lengths = new Set(headerValues(req.rawHeaders, 'content-length'))
  if (codings.length > 0 && lengths.size > 0) return { problem: FORWARDING_PROBLEMS.framing_ambiguous }
  if (codings.length > 0) {
    const isChunked = codings.length === 1 && codings[0]?.trim().toLowerCase() === 'chunked'
    return isChunked ? { framing: 'chunked' } : { problem: FORWARDING_PROBLEMS.transfer_coding_refused }
  }
  if (lengths.size === 0) return { framing: 'none' }
  const [length] = lengths
  if (lengths.size > 1 || length === undefined || !/^\d+$/.test(length))
    return { problem: FORWARDING_PROBLEMS.framing_ambiguous }
  return { framing: { length } }
}
