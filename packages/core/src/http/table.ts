import { auditRoutes } from './admin-audit.js'
import { adminStandingRoutes } from './admin-standing.js'
import { adminStoreRoutes } from './admin-store.js'
import { adminTokenRoutes } from './admin-tokens.js'
import { browserRoutes } from './browser.js'
import { operationRoutes } from './operations.js'
import type { Route } from './route.js'
import { tokenRoutes } from './tokens.js'

/** Every route of the gate, `/openapi.json` aside, which is made from it. */
export const ROUTES: readonly Route[] = [
  ...browserRoutes,
  ...tokenRoutes,
  ...adminTokenRoutes,
  ...adminStandingRoutes,
  ...adminStoreRoutes,
  ...auditRoutes,
  ...operationRoutes,
]
