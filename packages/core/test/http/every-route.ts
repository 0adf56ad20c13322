import { shippedPlugins } from '../gate/shipped-plugins.js'
import { httpFixture } from './http-fixture.js'

/** The routes of a gate with every plugin that core ships with. */
export const ROUTES = (await httpFixture({ plugins: shippedPlugins() })).table.routes
