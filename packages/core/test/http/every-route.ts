import { backChannelLogout } from '../../src/back-channel-logout/plugin.js'
import { scim } from '../../src/scim/plugin.js'
import { httpFixture } from './http-fixture.js'

export const SCIM_SECRET = 'b1vTqX8sRkM4wYzN6cJd9hLf2gPa7uEo'

/** Every plugin that core ships with. */
export const EVERY_PLUGIN = [scim({ secret: SCIM_SECRET }), backChannelLogout()] as const

/** The routes of a gate with all of them. */
export const ROUTES = (await httpFixture({ plugins: EVERY_PLUGIN })).table.routes
