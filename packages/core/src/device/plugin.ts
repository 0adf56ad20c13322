import type { OAuthServer } from '../oauth/server.js'
import { gateContextOf } from '../plugin/context.js'
import type { Plugin } from '../plugin/plugin.js'
import { DEVICE_DENIALS } from './denials.js'
import { deviceGrantType } from './grant-type.js'

/**
 * Lets programs without a browser in: a person types a short code at `/device` and approves them (RFC 8628). Needs
 * `oauth()`, whose clients they are.
 */
export function device(): Plugin<'device', undefined> {
  return {
    name: 'device',
    requires: ['oauth'],
    denials: DEVICE_DENIALS,
    auditActions: { 'device.approve': 'ordinary', 'device.deny': 'ordinary' },
    start(context) {
      const gate = gateContextOf(context)
      const server = context.required<OAuthServer>('oauth')
      server.addGrantType(deviceGrantType(gate))
      return { routes: async () => (await import('./routes.js')).deviceRoutes(gate, server) }
    },
  }
}
