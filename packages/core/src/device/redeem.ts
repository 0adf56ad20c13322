import { actorByExchange, type RequestTrace } from '../authorization/actor.js'
import type { Deps } from '../deps.js'
import type { OAuthClient } from '../oauth/clients.js'
import type { GrantedTokens } from '../oauth/granted.js'
import { startFamily } from '../oauth/start-family.js'
import { type Outcome, refused } from '../outcome.js'
import { scopesOf } from '../scopes.js'
import { hashDeviceCode } from './codes.js'
import { codeKey, DEVICE, type FoundRequest, findRequest, requestKey } from './request.js'

/** What is no answer yet, or came too late for one (RFC 8628 §3.5). */
export type Waiting = 'authorization_pending' | 'slow_down' | 'expired_token'

const SLOWER_BY_SECONDS = 5

/**
 * What came of a device request: tokens, once, or that the program has to wait. One that asks too soon has to wait five
 * seconds longer each time. Refused with `grant_invalid`, `device_denied`, `account_banned` or `scope_insufficient`.
 */
export async function redeemDevice(
  deps: Deps,
  input: { deviceCode: string; client: OAuthClient; trace?: RequestTrace },
): Promise<Outcome<GrantedTokens> | Waiting> {
  const found = await findRequest(deps, hashDeviceCode(input.deviceCode))
  if (!found || found.request.clientId !== input.client.id) return refused('grant_invalid')
  const { decision, account, scopes } = found.request
  if (!decision && found.request.endsAt <= deps.clock()) return 'expired_token'
  if (!decision || account === undefined) return wait(deps, found)
  if (!(await spend(deps, found))) return refused('grant_invalid')
  if (decision === 'denied') return refused('device_denied')
  const grantable = scopesOf(deps, deps.roleOf(account))
  const by = actorByExchange(deps, account, 'device_code', input.trace)
  return startFamily(deps, { account, by, client: input.client, scopes, grantable })
}

async function wait(deps: Deps, { id, version, expiresAt, request }: FoundRequest): Promise<Waiting> {
  const now = deps.clock()
  const isTooSoon = now < (request.askedAt ?? 0) + request.intervalSeconds * 1000
  const intervalSeconds = request.intervalSeconds + (isTooSoon ? SLOWER_BY_SECONDS : 0)
  await deps.store.commit(DEVICE, {
    quiet: true,
    checks: [{ key: requestKey(id), version }],
    writes: [{ put: requestKey(id), value: { ...request, intervalSeconds, askedAt: now }, expiresAt }],
  })
  return isTooSoon ? 'slow_down' : 'authorization_pending'
}

/** One winner. */
async function spend(deps: Deps, { id, version, request }: FoundRequest): Promise<boolean> {
  const result = await deps.store.commit(DEVICE, {
    quiet: true,
    checks: [{ key: requestKey(id), version }],
    writes: [{ delete: requestKey(id) }, { delete: codeKey(request.userCode) }],
  })
  return result.committed
}
