import type { Deps } from '../deps.js'
import { PortcullisError } from '../errors.js'
import { done, type Outcome, refused } from '../outcome.js'
import { hashDeviceCode, newUserCode } from './codes.js'
import {
  codeKey,
  DEVICE,
  DEVICE_LIFETIME_SECONDS,
  type DeviceRequest,
  FIRST_INTERVAL_SECONDS,
  REMEMBERED_SECONDS,
  requestAsJson,
  requestKey,
} from './request.js'

const ATTEMPTS = 5

export interface BegunDevice {
  /** For the program alone. */
  readonly deviceCode: string
  /** For the person. */
  readonly userCode: string
}

/** Opens a request that somebody may approve within ten minutes (RFC 8628 §3.1). Refused with `scope_unknown`. */
export async function beginDevice(
  deps: Deps,
  input: { clientId: string; scopes?: readonly string[] },
): Promise<Outcome<BegunDevice>> {
  const scopes = [...new Set(input.scopes ?? [deps.options.requiredScope])]
  if (scopes.some((scope) => !Object.hasOwn(deps.options.scopes, scope))) return refused('scope_unknown')
  const now = deps.clock()
  const endsAt = now + DEVICE_LIFETIME_SECONDS * 1000
  const expiresAt = endsAt + REMEMBERED_SECONDS * 1000
  const deviceCode = deps.randomId(32)
  const id = hashDeviceCode(deviceCode)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const userCode = newUserCode()
    const request: DeviceRequest = {
      userCode,
      clientId: input.clientId,
      scopes,
      createdAt: now,
      endsAt,
      intervalSeconds: FIRST_INTERVAL_SECONDS,
    }
    const result = await deps.store.commit(DEVICE, {
      quiet: true,
      checks: [{ key: codeKey(userCode), version: null }],
      writes: [
        { put: requestKey(id), value: requestAsJson(request), expiresAt },
        { put: codeKey(userCode), value: id, expiresAt },
      ],
    })
    if (result.committed) return done({ deviceCode, userCode })
  }
  throw new PortcullisError('store_unavailable', 'No user code was free')
}
