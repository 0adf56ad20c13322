import { type Denial, denial } from '../errors/denials.js'
import { hasCredentialInQuery, parseTarget } from './target.js'
import type { RequestView } from './view.js'

const REFUSED_METHODS = new Set(['TRACE', 'TRACK', 'CONNECT'])

/** What is wrong with a request before anybody asks who sent it. */
export function refuseHead(view: RequestView): Denial | undefined {
  if (REFUSED_METHODS.has(view.method)) return denial('method_refused')
  const target = parseTarget(view.target)
  if (!target) return denial('target_invalid')
  return hasCredentialInQuery(target.query) ? denial('token_in_query') : undefined
}
