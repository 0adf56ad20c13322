import { z } from 'zod'
import type { ResolvedOptions } from '../../context/options.js'
import { json, METADATA_HEADERS } from '../../http/answers/answer.js'
import { AUTHORIZATION_SERVER_PATH } from '../../http/routes/metadata.js'
import { defineRoute, type Route } from '../../plugin/route.js'
import { grantTypeNames, type OAuthServer } from '../server.js'

const CLIENT_AUTH = ['none', 'client_secret_basic', 'client_secret_post']

/** RFC 8414 §2. */
function authorizationServer(options: ResolvedOptions, server: OAuthServer) {
  const { publicUrl, issuer, scopes } = options
  return {
    issuer,
    authorization_endpoint: `${publicUrl}/oauth2/authorize`,
    token_endpoint: `${publicUrl}/oauth2/token`,
    ...Object.assign({}, ...server.grantTypes.map(({ metadata }) => metadata)),
    revocation_endpoint: `${publicUrl}/oauth2/revoke`,
    introspection_endpoint: `${publicUrl}/oauth2/introspect`,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    userinfo_endpoint: `${publicUrl}/oauth2/userinfo`,
    scopes_supported: Object.keys(scopes),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: grantTypeNames(server),
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    token_endpoint_auth_methods_supported: CLIENT_AUTH,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTH,
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    service_documentation: `${publicUrl}/openapi.json`,
  }
}

/** How programs that have never heard of this gate get their tokens. */
export function metadataRoute(options: ResolvedOptions, server: OAuthServer): Route {
  return defineRoute({
    method: 'GET',
    path: AUTHORIZATION_SERVER_PATH,
    access: 'public',
    summary: 'Endpoints and what they support (RFC 8414)',
    answer: z.record(z.string(), z.unknown()),
    unlimitedBecause: 'It is made from the options alone',
    handle: async () => json(authorizationServer(options, server), 200, METADATA_HEADERS),
  })
}
