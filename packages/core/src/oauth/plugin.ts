import { listOf, someObject } from '../input/kinds.js'
import { type GivenOptions, optional, readOptions } from '../input/options.js'
import { gateContextOf } from '../plugin/context.js'
import type { Plugin } from '../plugin/plugin.js'
import { approvalBy } from './approval.js'
import { checkClients, type OAuthClient, resolveClients, secretsOfClients } from './clients.js'
import { OAUTH_DENIALS } from './denials.js'
import { redeemApproval } from './redeem-approval.js'
import { isFamilyEnded, REFRESH_TOKEN_TYPE } from './refresh-token.js'
import { endFamilies } from './revoke-family.js'
import { createOAuthServer, type OAuthServer } from './server.js'

const OAUTH_OPTIONS = {
  /** Clients beside the built-in public `portcullis-cli`, which an entry with its id changes. Default: none. */
  clients: optional<readonly OAuthClient[]>(listOf(someObject), { default: [] }),
}

export interface OAuthOptions extends GivenOptions<typeof OAUTH_OPTIONS> {}

/**
 * An OAuth 2 authorization server (RFC 6749 with RFC 9700): codes with PKCE for what people consent to, refresh tokens,
 * revocation (RFC 7009), introspection (RFC 7662) and metadata (RFC 8414), below `/oauth2/`.
 */
export function oauth(options: OAuthOptions = {}): Plugin<'oauth', OAuthServer> {
  const wrong: string[] = []
  const { clients } = readOptions(options, OAUTH_OPTIONS, wrong, 'oauth')
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
    secrets: { 'oauth.clients': secretsOfClients(clients) },
    check(problems, { scopes }) {
      problems.push(...wrong)
      checkClients(clients, scopes, problems)
    },
    start(context) {
      const gate = gateContextOf(context)
      const server = createOAuthServer(resolveClients(clients), {
        approve: (identity) => approvalBy(gate, identity),
        redeem: (approval) => redeemApproval(gate, approval),
        consentPage: async (consent) => (await import('./routes/consent-page.js')).consentPage(gate, consent),
      })
      return {
        api: server,
        grants: {
          wasEnded: (grant) => isFamilyEnded(gate, grant),
          endAll: (account) => endFamilies(gate, account),
        },
        routes: async () => (await import('./routes/index.js')).oauthRoutes(gate, server),
      }
    },
  }
}
