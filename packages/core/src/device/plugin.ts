import type { OAuthServer } from '../oauth/server.js'
import type { Plugin } from '../plugin/plugin.js'
import { wrongGuesses } from './decide.js'
import { DEVICE_DENIALS } from './denials.js'
import { deviceGrantType } from './grant-type.js'
import { openRequests } from './open-requests.js'
import { DEVICE, deviceRequests, userCodes } from './request.js'

/**
 * Lets programs without a browser in: a person types a short code at `/device` and approves them (RFC 8628). Needs
 * `oauth()`, whose clients they are.
 */
export function device(): Plugin<'device', undefined> {
  return {
    name: 'device',
    requires: ['oauth'],
    collections: {
      ...Object.fromEntries(
        [deviceRequests, userCodes, openRequests].map(({ name }) => [name, { name, in: [DEVICE] }]),
      ),
      [wrongGuesses.name]: wrongGuesses.name,
    },
    denials: DEVICE_DENIALS,
    auditActions: { 'device.approve': 'ordinary', 'device.deny': 'ordinary' },
    start(context) {
      const server = context.required<OAuthServer>('oauth')
      const ofDevice = { ...context, server }
      server.addGrantType(deviceGrantType(ofDevice))
      return { routes: async () => (await import('./routes.js')).deviceRoutes(ofDevice, server) }
    },
  }
}
