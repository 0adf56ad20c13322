import { auditRoutes } from './admin-audit.js'
import { adminStandingRoutes } from './admin-standing.js'
import { adminStoreRoutes } from './admin-store.js'
import { adminTokenRoutes } from './admin-tokens.js'
import { authRequestRoutes } from './auth-request.js'
import { authorizeRoutes } from './authorize.js'
import { backChannelRoutes } from './backchannel.js'
import { browserRoutes } from './browser.js'
import { deviceRoutes } from './device.js'
import { keyRoutes } from './keys.js'
import { metadataRoutes } from './metadata.js'
import { oauthRoutes } from './oauth.js'
import { operationRoutes } from './operations.js'
import type { Route } from './route.js'
import { scimRoutes } from './scim.js'
import { scimDiscoveryRoutes } from './scim-discovery.js'
import { tokenRoutes } from './tokens.js'

/** Every route of the gate, `/openapi.json` aside, which is made from it. */
export const ROUTES: readonly Route[] = [
  ...browserRoutes,
  ...authRequestRoutes,
  ...backChannelRoutes,
  ...tokenRoutes,
  ...keyRoutes,
  ...oauthRoutes,
  ...authorizeRoutes,
  ...deviceRoutes,
  ...metadataRoutes,
  ...adminTokenRoutes,
  ...adminStandingRoutes,
  ...adminStoreRoutes,
  ...auditRoutes,
  ...scimRoutes,
  ...scimDiscoveryRoutes,
  ...operationRoutes,
]
