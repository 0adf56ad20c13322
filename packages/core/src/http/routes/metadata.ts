import { z } from 'zod'
import type { Deps } from '../../context/context.js'
import { json } from '../answers/answer.js'
import { route } from '../route.js'
import { GRANT_TYPES } from './oauth.js'

const CACHE = { 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' }
const CLIENT_AUTH = ['none', 'client_secret_basic', 'client_secret_post']

/** RFC 8414 §2. */
function authorizationServer({ options }: Deps) {
  const { publicUrl, issuer, scopes } = options
  return {
    issuer,
    authorization_endpoint: `${publicUrl}/oauth2/authorize`,
    token_endpoint: `${publicUrl}/oauth2/token`,
    device_authorization_endpoint: `${publicUrl}/oauth2/device_authorization`,
    revocation_endpoint: `${publicUrl}/oauth2/revoke`,
    introspection_endpoint: `${publicUrl}/oauth2/introspect`,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    userinfo_endpoint: `${publicUrl}/oauth2/userinfo`,
    scopes_supported: Object.keys(scopes),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: [...GRANT_TYPES],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    token_endpoint_auth_methods_supported: CLIENT_AUTH,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTH,
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    service_documentation: `${publicUrl}/openapi.json`,
  }
}

/** RFC 9728 §2. Clients ask for all scopes that are named here (MCP does): what calls need, and no more. */
function protectedResource({ options }: Deps) {
  const { publicUrl, issuer, audience, requiredScope } = options
  return {
    resource: audience,
    authorization_servers: [issuer],
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    scopes_supported: [requiredScope],
    bearer_methods_supported: ['header'],
    resource_name: 'Portcullis',
  }
}

const STATIC = 'It is made from the options alone'

const document = z.record(z.string(), z.unknown())

/** How programs that have never heard of this gate find their way. */
export const metadataRoutes = [
  route({
    method: 'GET',
    path: '/.well-known/oauth-authorization-server',
    access: 'public',
    summary: 'Endpoints and what they support (RFC 8414)',
    answer: document,
    unlimitedBecause: STATIC,
    handle: async ({ deps }) => json(authorizationServer(deps), 200, CACHE),
  }),
  route({
    method: 'GET',
    path: '/.well-known/oauth-protected-resource',
    access: 'public',
    summary: 'Who issues tokens for this resource (RFC 9728)',
    answer: document,
    unlimitedBecause: STATIC,
    handle: async ({ deps }) => json(protectedResource(deps), 200, CACHE),
  }),
]
