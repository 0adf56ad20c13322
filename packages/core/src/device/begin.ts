import { done, type Outcome, refused } from '../errors/outcome.js'
import { type OAuthClient, scopesForClient } from '../oauth/clients.js'
import { RACED } from '../store/update.js'
import { hashDeviceCode, newDeviceCode, newUserCode } from './codes.js'
import { refusedDevice } from './denials.js'
import { countOpen } from './open-requests.js'
import type { DeviceContext } from './request.js'
import {
  DEVICE_LIFETIME_SECONDS,
  type DeviceRequest,
  deviceRequests,
  FIRST_INTERVAL_SECONDS,
  requestsOf,
  userCodes,
} from './request.js'

export interface BegunDevice {
  /** For the program alone. */
  readonly deviceCode: string
  /** For the person. */
  readonly userCode: string
}

const RETRY_AFTER_SECONDS = 60

/**
 * Opens a request that somebody may approve within ten minutes, for which it is kept (RFC 8628 §3.1). Refused with
 * `scope_unknown`, `scope_insufficient` when the client may have none of the scopes, `too_many_devices` when as many are open as may be, or `rate_limited` when as many are from `address`;
 * without one nothing is counted by address.
 */
export async function beginDevice(
  context: DeviceContext,
  input: { client: OAuthClient; scopes?: readonly string[]; address?: string | undefined },
): Promise<Outcome<BegunDevice>> {
  const { client, scopes: asked = [context.requiredScope] } = input
  if (asked.some((scope) => !context.scopes.includes(scope))) return refused('scope_unknown')
  const scopes = scopesForClient(client, asked)
  if (scopes.length === 0) return refused('scope_insufficient')
  const now = context.clock()
  const endsAt = now + DEVICE_LIFETIME_SECONDS * 1000
  const deviceCode = newDeviceCode(context, endsAt)
  const counters = countOpen(context, input.address)
  const id = hashDeviceCode(deviceCode)
  return context.optimistically('No user code was free', async () => {
    const userCode = newUserCode()
    const request: DeviceRequest = {
      userCode,
      clientId: client.id,
      scopes,
      createdAt: now,
      endsAt,
      intervalSeconds: FIRST_INTERVAL_SECONDS,
      countedBy: counters.map(({ add }) => add.id),
    }
    const result = await requestsOf(context).commit({
      checks: [{ key: userCodes.key(userCode), version: null }],
      writes: [
        ...counters,
        deviceRequests.put(id, request, { expiresAt: endsAt }),
        userCodes.put(userCode, id, { expiresAt: endsAt }),
      ],
    })
    if (result.committed) return done({ deviceCode, userCode })
    if (result.refusedBy === 'limit')
      return result.index === 0
        ? refusedDevice('too_many_devices', { retryAfterSeconds: RETRY_AFTER_SECONDS })
        : refused('rate_limited', { retryAfterSeconds: RETRY_AFTER_SECONDS })
    return RACED
  })
}
