import type { RequestTrace } from '../authorization/actor.js'
import { type Outcome, refused } from '../errors/outcome.js'
import type { OAuthClient } from '../oauth/clients.js'
import type { GrantedTokens } from '../oauth/granted.js'
import { endOfDeviceCode, hashDeviceCode } from './codes.js'
import { refusedDevice } from './denials.js'
import type { DeviceContext } from './request.js'
import { deviceRequests, type FoundRequest, findRequest, REMEMBERED_SECONDS, requestsOf } from './request.js'

/** What is no answer yet, or came too late for one (RFC 8628 §3.5). */
export type Waiting = 'authorization_pending' | 'slow_down' | 'expired_token'

const SLOWER_BY_SECONDS = 5

/**
 * What came of a device request: tokens, or that the program has to wait. One that asks too soon has to wait five
 * seconds longer each time. A program that asks again within `RETRY_WINDOW_SECONDS`, since the answer was lost, gets the
 * same tokens. Refused with `grant_invalid`, `device_denied`, `account_banned`, `login_stale` or `scope_insufficient`.
 */
export async function redeemDevice(
  context: DeviceContext,
  input: { deviceCode: string; client: OAuthClient; trace?: RequestTrace },
): Promise<Outcome<GrantedTokens> | Waiting> {
  const { client } = input
  const found = await findRequest(context, hashDeviceCode(input.deviceCode))
  if (!found && hasJustEnded(context, input.deviceCode)) return 'expired_token'
  if (!found || found.request.clientId !== client.id) return refused('grant_invalid')
  const { id: codeHash, expiresAt: forgottenAt } = found
  const { decision, approval, scopes, endsAt } = found.request
  if (decision === 'denied') return refusedDevice('device_denied')
  if (!approval) return endsAt <= context.clock() ? 'expired_token' : wait(context, found)
  const { account } = approval
  const redeemed = await context.server.redeem({
    approval,
    by: { account, role: context.roleOf(account), credential: 'device_code', ...input.trace },
    codeHash,
    client,
    scopes,
    forgottenAt,
    isOver: false,
  })
  return 'reusedFamily' in redeemed ? refused('grant_invalid') : redeemed
}

function hasJustEnded(context: DeviceContext, deviceCode: string): boolean {
  const sinceMs = context.clock() - (endOfDeviceCode(deviceCode) ?? Number.NEGATIVE_INFINITY)
  return sinceMs >= 0 && sinceMs < REMEMBERED_SECONDS * 1000
}

async function wait(
  context: DeviceContext,
  { id, version, expiresAt, request }: FoundRequest,
): Promise<Waiting> {
  const now = context.clock()
  const isTooSoon = now < (request.askedAt ?? 0) + request.intervalSeconds * 1000
  const intervalSeconds = request.intervalSeconds + (isTooSoon ? SLOWER_BY_SECONDS : 0)
  await requestsOf(context).commit({
    checks: [{ key: deviceRequests.key(id), version }],
    writes: [deviceRequests.put(id, { ...request, intervalSeconds, askedAt: now }, { expiresAt })],
  })
  return isTooSoon ? 'slow_down' : 'authorization_pending'
}
