import { z } from 'zod'
import type { ResolvedOptions } from '../context/options.js'
import { json } from './answers/answer.js'
import { openApiDocument } from './openapi/openapi.js'
import { type Route, route } from './route.js'
import { adminStandingRoutes } from './routes/admin-accounts.js'
import { auditRoutes } from './routes/admin-audit.js'
import { adminStoreRoutes } from './routes/admin-store.js'
import { adminTokenRoutes } from './routes/admin-tokens.js'
import { authRequestRoutes } from './routes/auth-request.js'
import { authorizeRoutes } from './routes/authorize.js'
import { backChannelRoutes } from './routes/back-channel-logout.js'
import { browserRoutes } from './routes/browser.js'
import { deviceRoutes } from './routes/device.js'
import { keyRoutes } from './routes/keys.js'
import { metadataRoutes } from './routes/metadata.js'
import { oauthRoutes } from './routes/oauth.js'
import { operationRoutes } from './routes/operations.js'
import { scimRoutes } from './routes/scim.js'
import { scimDiscoveryRoutes } from './routes/scim-discovery.js'
import { tokenRoutes } from './routes/tokens.js'

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
