import { z } from 'zod'
import type { ResolvedOptions } from '../../context/options.js'
import { denial } from '../../errors/denial.js'
import { explainCode } from '../../errors/problem.js'
import { json, METADATA_HEADERS, refuse } from '../answers/answer.js'
import { explanationPage } from '../answers/page.js'
import { type Route, route } from '../route.js'

/** Where a gate with an authorization server describes it (RFC 8414 §3). */
export const AUTHORIZATION_SERVER_PATH = '/.well-known/oauth-authorization-server'

/** RFC 9728 §2. Clients ask for all scopes that are named here (MCP does): what calls need, and no more. */
function protectedResource(options: ResolvedOptions, routes: readonly Route[]) {
  const { publicUrl, issuer, audience, requiredScope } = options
  const hasAuthorizationServer = routes.some(({ path }) => path === AUTHORIZATION_SERVER_PATH)
  return {
    resource: audience,
    ...(hasAuthorizationServer && { authorization_servers: [issuer] }),
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    scopes_supported: [requiredScope],
    bearer_methods_supported: ['header'],
    resource_name: 'Portcullis',
  }
}

/** What programs that have never heard of this gate learn of it. `routes`: all of the gate's, those of plugins included. */
export function protectedResourceRoute(options: ResolvedOptions, routes: () => readonly Route[]): Route {
  return route({
    method: 'GET',
    path: '/.well-known/oauth-protected-resource',
    access: 'public',
    summary: 'Who issues tokens for this resource (RFC 9728)',
    answer: z.record(z.string(), z.unknown()),
    unlimitedBecause: 'It is made from the options alone',
    handle: async () => json(protectedResource(options, routes()), 200, METADATA_HEADERS),
  })
}

const JWKS_CACHE_SECONDS = 300

/** What anybody may know of tokens and problems. */
export const metadataRoutes = [
  route({
    method: 'GET',
    path: '/.well-known/jwks.json',
    access: 'public',
    summary: 'Public keys of the tokens (RFC 7517); empty with symmetric keys',
    answer: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }),
    media: 'application/jwk-set+json',
    unlimitedBecause: 'It is made from the options alone',
    handle: async ({ gate }) =>
      json(gate.keys.jwks(), 200, {
        'content-type': 'application/jwk-set+json',
        'cache-control': `public, max-age=${JWKS_CACHE_SECONDS}`,
      }),
  }),
  route({
    method: 'GET',
    path: '/.well-known/portcullis/problems/{code}',
    access: 'public',
    summary: 'What a problem code means',
    media: 'text/html',
    unlimitedBecause: 'It is a fixed text',
    async handle({ gate, params }) {
      const problem = explainCode(params.code ?? '', gate.options.denials)
      return problem ? explanationPage(problem) : refuse(denial('not_found'))
    },
  }),
]
