import type { PluginContext } from '../../plugin/context.js'
import type { OwnAccess, Route } from '../../plugin/route.js'
import { discoveryRoutes } from './discovery.js'
import { userRoutes } from './users.js'

/** What a directory calls (RFC 7644), by its own secret. */
export const scimRoutes = (context: PluginContext, access: OwnAccess): readonly Route[] => [
  ...userRoutes(context, access),
  ...discoveryRoutes(context, access),
]
