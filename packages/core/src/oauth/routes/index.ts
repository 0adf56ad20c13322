import type { GateContext } from '../../context/context.js'
import type { Route } from '../../plugin/route.js'
import type { OAuthServer } from '../server.js'
import { authorizeRoutes } from './authorize.js'
import { metadataRoute } from './metadata.js'
import { presentedTokenRoutes } from './presented-token.js'
import { tokenRoute } from './token.js'

/** OAuth 2 for programs. */
export function oauthRoutes(context: GateContext, server: OAuthServer): readonly Route[] {
  return [
    tokenRoute(context, server),
    ...presentedTokenRoutes(context, server),
    ...authorizeRoutes(context, server),
    metadataRoute(context.options, server),
  ]
}
