import type { OidcProviderOptions } from '@portcullis/core/oidc'
import type { Logger } from 'pino'
import { ACCOUNTS } from './demo/accounts.js'
import { type DemoProvider, type DemoProviderOptions, startDemoProvider } from './demo/provider.js'
import { loadSecret } from './secrets.js'
import type { Settings } from './settings.js'

export interface IdentityParts {
  readonly provider: OidcProviderOptions
  readonly demoLogins: { readonly emails: readonly string[]; readonly password: string } | undefined
  close(): Promise<void>
}

/** How the demo provider is started: in this thread, or on one of its own. */
export type StartDemoProvider = (options: DemoProviderOptions) => Promise<DemoProvider>

const DEMO_CLIENT = 'portcullis-demo'

/** The identity provider of the settings; without one, the demo provider is started and used like any other. */
export async function startIdentity(
  settings: Settings,
  publicUrl: string,
  log: Logger,
  startDemo: StartDemoProvider = startDemoProvider,
): Promise<IdentityParts> {
  const { identity } = settings
  if (identity.kind === 'oidc') {
    log.info(
      { redirectUri: `${publicUrl}/oauth2/callback`, postLogoutRedirectUri: `${publicUrl}/` },
      'what has to be registered at the identity provider',
    )
    const { issuer, clientId, clientSecret, scopes, emailClaim, emailVerification, groupsClaim } = identity
    const provider = {
      issuer,
      clientId,
      scopes: scopes.split(' '),
      emailClaim,
      emailVerification,
      groupsClaim,
      ...(clientSecret === undefined ? {} : { clientSecret }),
    }
    return { provider, demoLogins: undefined, close: () => Promise.resolve() }
  }
  const clientSecret = await loadSecret(settings.dataDir, 'demo-client-secret')
  const password = identity.password ?? (await loadSecret(settings.dataDir, 'demo-password', { bytes: 9 }))
  const demo = await startDemo({
    port: identity.port,
    clientId: DEMO_CLIENT,
    clientSecret,
    redirectUris: [`${publicUrl}/oauth2/callback`],
    postLogoutRedirectUris: [`${publicUrl}/`],
    password,
    production: settings.production,
    log,
  })
  return {
    provider: { issuer: demo.issuer, clientId: DEMO_CLIENT, clientSecret },
    demoLogins: { emails: ACCOUNTS.map(({ email }) => email), password },
    close: demo.close,
  }
}
