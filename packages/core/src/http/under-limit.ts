import type { Denial } from '../errors/denial.js'
import { refuse } from './answers/answer.js'
import { oauthErrorOf, oauthRefusal } from './answers/oauth-error.js'
import type { Route, RouteContext } from './route.js'

const FAILED = new Set([400, 401, 403, 404])
/** What a device code that is known gets to hear (RFC 8628 §3.5). */
const WAITING = new Set(['authorization_pending', 'slow_down', 'expired_token'])

/** Answers a route, and 429 to whoever calls it too often: before anything is done, or in place of a failure. */
export async function answerUnderLimit(route: Route, context: RouteContext): Promise<Response> {
  const { limit } = route
  if (!limit) return route.handle(context)
  const { gate, identity, address } = context
  const caller = identity
    ? { kind: limit.kind, client: `account ${identity.accountId}` }
    : await limit.callerOf?.({ ...context, identity, actor: undefined })
  if (caller) {
    const refusal = gate.rateLimits.refuseClient(caller.kind, caller.client)
    return refusal ? refuseLimited(route, refusal, caller.isWaiting) : route.handle(context)
  }
  if (limit.counts === 'calls') {
    const refusal = gate.rateLimits.refuseAddress(limit.kind, address)
    return refusal ? refuseLimited(route, refusal) : route.handle(context)
  }
  const response = await route.handle(context)
  return (await isFailure(response)) ? (refuseByAddress(route, context) ?? response) : response
}

/** Counts a call of a public route that never came to its handler. Answers 429 when it is one too many. */
export function refuseByAddress(
  route: Route,
  { gate, address }: Pick<RouteContext, 'gate' | 'address'>,
): Response | undefined {
  if (!route.limit || route.access !== 'public') return undefined
  const refusal = gate.rateLimits.refuseAddress(route.limit.kind, address)
  return refusal && refuseLimited(route, refusal)
}

async function isFailure(response: Response): Promise<boolean> {
  return FAILED.has(response.status) && !WAITING.has((await oauthErrorOf(response)) ?? '')
}

/** A program that waits for approval goes on asking after `slow_down`, and gives up at any other error (RFC 8628 §3.5). */
function refuseLimited(route: Route, refusal: Denial, isWaiting = false): Response {
  if (route.errors !== 'oauth') return refuse(refusal)
  return oauthRefusal(refusal, isWaiting ? 'slow_down' : undefined)
}
