import { z } from 'zod'
import type { ResolvedOptions } from '../options.js'
import { auditRoutes } from './admin-audit.js'
import { adminStandingRoutes } from './admin-standing.js'
import { adminStoreRoutes } from './admin-store.js'
import { adminTokenRoutes } from './admin-tokens.js'
import { json } from './answer.js'
import { authRequestRoutes } from './auth-request.js'
import { authorizeRoutes } from './authorize.js'
import { backChannelRoutes } from './backchannel.js'
import { browserRoutes } from './browser.js'
import { deviceRoutes } from './device.js'
import { keyRoutes } from './keys.js'
import { metadataRoutes } from './metadata.js'
import { oauthRoutes } from './oauth.js'
import { openApiDocument } from './openapi.js'
import { operationRoutes } from './operations.js'
import { type Route, route } from './route.js'
import { scimRoutes } from './scim.js'
import { scimDiscoveryRoutes } from './scim-discovery.js'
import { tokenRoutes } from './tokens.js'

const documents = new WeakMap<ResolvedOptions, unknown>()

const documentRoute = route({
  method: 'GET',
  path: '/openapi.json',
  access: 'public',
  summary: 'This document',
  answer: z.looseObject({ openapi: z.string() }),
  unlimitedBecause: 'It is made once',
  async handle({ deps: { options } }) {
    const document = documents.get(options) ?? openApiDocument(ROUTES, options)
    documents.set(options, document)
    return json(document)
  },
})

/** Every route of the gate. */
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
  documentRoute,
]
