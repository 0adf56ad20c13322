import type { Plugin } from '../plugin/plugin.js'
import { externalTokenKind } from './external-token-kind.js'
import { createTrustedIssuers } from './issuers.js'
import type { TrustedIssuerOptions } from './options.js'
import { resolveTrustedIssuers } from './resolve.js'
import { revokedExternal } from './revoke.js'

/**
 * Accepts JWTs of these issuers as the gate's own are, for calls to what is behind it. Nothing is fetched before a token needs
 * it; what is fetched is over within each issuer's `timeoutMs`.
 */
export function externalTokens(
  issuers: readonly TrustedIssuerOptions[],
): Plugin<'externalTokens', undefined> {
  return {
    name: 'externalTokens',
    collections: { [revokedExternal.name]: revokedExternal.name },
    gateActions: ['token.revoke'],
    check: (problems, { issuer, scopes }) => {
      resolveTrustedIssuers(issuers, problems, issuer, scopes)
    },
    start(context) {
      const { clock, report, scopes } = context
      const trusted = createTrustedIssuers(resolveTrustedIssuers(issuers, [], undefined, scopes), {
        clock,
        report,
      })
      return {
        credentialKinds: [externalTokenKind(context, trusted)],
        close: () => trusted.close(),
      }
    },
  }
}
