import { apiKeys } from '../../src/api-keys/plugin.js'
import { backChannelLogout } from '../../src/back-channel-logout/plugin.js'
import { device } from '../../src/device/plugin.js'
import { masterKey } from '../../src/master-key/plugin.js'
import type { OAuthClient } from '../../src/oauth/clients.js'
import { oauth } from '../../src/oauth/plugin.js'
import { scim } from '../../src/scim/plugin.js'
import { MASTER_KEY } from '../http/http-fixture.js'

export const SCIM_SECRET = 'b1vTqX8sRkM4wYzN6cJd9hLf2gPa7uEo'

/** Every plugin that core ships with, but tokens of other issuers, which need one. */
export function shippedPlugins({ clients = [] }: { clients?: readonly OAuthClient[] } = {}) {
  return [
    apiKeys(),
    masterKey({ key: MASTER_KEY }),
    scim({ secret: SCIM_SECRET }),
    backChannelLogout(),
    oauth({ clients }),
    device(),
  ] as const
}
