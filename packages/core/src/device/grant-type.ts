import type { GrantError, GrantType } from '../oauth/server.js'
import { redeemDevice, type Waiting } from './redeem.js'
import type { DeviceContext } from './request.js'

const DESCRIPTIONS: Readonly<Record<Waiting, string>> = {
  authorization_pending: 'Nobody has approved the request yet.',
  expired_token: 'Nobody approved the request in time.',
  slow_down: 'Wait five seconds longer between two questions.',
}

const MISSING: GrantError = { error: 'invalid_request', description: 'device_code is missing.' }

/** How a program asks what became of its request (RFC 8628 §3.4). */
export function deviceGrantType(context: DeviceContext): GrantType {
  return {
    name: 'urn:ietf:params:oauth:grant-type:device_code',
    fields: ['device_code'],
    isPolled: true,
    metadata: { device_authorization_endpoint: `${context.publicUrl}/oauth2/device_authorization` },
    async redeem({ client, fields: { device_code: deviceCode }, trace }) {
      if (deviceCode === undefined) return MISSING
      const redeemed = await redeemDevice(context, { deviceCode, client, trace })
      return typeof redeemed === 'string'
        ? { error: redeemed, description: DESCRIPTIONS[redeemed] }
        : redeemed
    },
  }
}
