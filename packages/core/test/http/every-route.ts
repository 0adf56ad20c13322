import { apiKeys } from '../../src/api-keys/plugin.js'
import { backChannelLogout } from '../../src/back-channel-logout/plugin.js'
import { masterKey } from '../../src/master-key/plugin.js'
import { scim } from '../../src/scim/plugin.js'
import { httpFixture, MASTER_KEY } from './http-fixture.js'

export const SCIM_SECRET = 'b1vTqX8sRkM4wYzN6cJd9hLf2gPa7uEo'

/** Every plugin that core ships with. */
export const EVERY_PLUGIN = [
  apiKeys(),
  masterKey({ key: MASTER_KEY }),
  scim({ secret: SCIM_SECRET }),
  backChannelLogout(),
] as const

/** The routes of a gate with all of them. */
export const ROUTES = (await httpFixture({ plugins: EVERY_PLUGIN })).table.routes
