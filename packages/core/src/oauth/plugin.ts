import { depsOf } from '../plugin/context.js'
import type { Plugin } from '../plugin/plugin.js'
import { checkClients, type OAuthClient, resolveClients, secretsOfClients } from './clients.js'
import { OAUTH_DENIALS } from './denials.js'
import { isFamilyEnded, REFRESH_TOKEN_TYPE } from './refresh-token.js'
import { endFamilies } from './revoke-family.js'
import { createOAuthServer, type OAuthServer } from './server.js'

export interface OAuthOptions {
  /** Clients beside the built-in public `portcullis-cli`, which an entry with its id changes. Default: none. */
  readonly clients?: readonly OAuthClient[]
}

/**
 * An OAuth 2 authorization server (RFC 6749 with RFC 9700): codes with PKCE for what people consent to, refresh tokens,
 * revocation (RFC 7009), introspection (RFC 7662) and metadata (RFC 8414), below `/oauth2/`.
 */
export function oauth(options: OAuthOptions = {}): Plugin<'oauth', OAuthServer> {
  return {
    name: 'oauth',
    denials: OAUTH_DENIALS,
    auditActions: {
      'refresh.start': 'ordinary',
      'refresh.reuse': 'essential',
      'refresh.revoke': 'essential',
      'authorization_code.reuse': 'essential',
    },
    tokenTypes: [REFRESH_TOKEN_TYPE],
    secrets: { 'oauth.clients': secretsOfClients(options?.clients) },
    check: (problems, { scopes }) => checkClients(options, scopes, problems),
    start(context) {
      const deps = depsOf(context)
      const server = createOAuthServer(resolveClients(options.clients))
      return {
        api: server,
        grants: {
          wasEnded: (grant) => isFamilyEnded(deps, grant),
          endAll: (account) => endFamilies(deps, account),
        },
        routes: async () => (await import('./routes/index.js')).oauthRoutes(deps, server),
      }
    },
  }
}
