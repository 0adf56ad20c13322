import { backChannelLogout } from '../../src/back-channel-logout/plugin.js'
import { device } from '../../src/device/plugin.js'
import type { OAuthClient } from '../../src/oauth/clients.js'
import { oauth } from '../../src/oauth/plugin.js'
import { scim } from '../../src/scim/plugin.js'

export const SCIM_SECRET = 'b1vTqX8sRkM4wYzN6cJd9hLf2gPa7uEo'

/** Every plugin that core ships with. */
export function shippedPlugins({ clients = [] }: { clients?: readonly OAuthClient[] } = {}) {
  return [scim({ secret: SCIM_SECRET }), backChannelLogout(), oauth({ clients }), device()] as const
}
