import type { RequestTrace } from '../authorization/actor.js'
import { headerValues } from '../credentials.js'
import type { RequestView } from '../decision.js'

/** What programs make request ids of; anything else could not be told from other text in a log. */
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/

/** Where a request came from, and how whoever is in front of the gate named it in `X-Request-Id`. Proves nothing. */
export function traceOf(view: RequestView, address: string | undefined): RequestTrace {
  const [requestId, ...more] = headerValues(view.rawHeaders, 'x-request-id')
  const isId = requestId !== undefined && more.length === 0 && REQUEST_ID.test(requestId)
  return {
    ...(address === undefined ? {} : { address }),
    ...(isId ? { requestId } : {}),
  }
}
