import * as client from 'openid-client'
import { isLoopback } from '../encoding/loopback.js'
import type { PortcullisError } from '../errors/portcullis-error.js'
import { explainDiscovery, misconfigured } from './explain.js'
import type { ResolvedOidcOptions } from './options.js'

const COOLDOWN_MS = 1000
export const CLOCK_SKEW_SECONDS = 30

/**
 * Finds out what the provider is like, once; a failure is tried again, by one request for all who wait and at most once
 * a second. Rejects with `provider_unavailable`, or with `provider_misconfigured` when there is no provider of this name.
 */
export function createDiscovery(options: ResolvedOidcOptions): () => Promise<client.Configuration> {
  let current: Promise<client.Configuration> | undefined
  let failed: { readonly at: number; readonly failure: PortcullisError } | undefined

  return () => {
    if (current) return current
    if (failed && performance.now() - failed.at < COOLDOWN_MS) return Promise.reject(failed.failure)
    current = discover(options).catch((cause: unknown) => {
      const failure = explainDiscovery(cause, options)
      failed = { at: performance.now(), failure }
      current = undefined
      throw failure
    })
    return current
  }
}

const REQUIRED = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const

/** What speaks OAuth 2.0 without OpenID Connect may have metadata too. */
function requireOpenIdConnect(metadata: client.ServerMetadata): void {
  const missing = REQUIRED.filter((name) => metadata[name] === undefined)
  if (missing.length > 0)
    throw misconfigured(
      `its metadata names no ${missing.join(', no ')}: it logs nobody in with OpenID Connect`,
      ['issuer'],
    )
  // Where the browser is sent: a script there would run as a page of the gate's own.
  const unfit = PLACES_FOR_BROWSERS.find((name) => !isWebUrl(metadata[name]))
  if (unfit) throw misconfigured(`its metadata has an ${unfit} that is no http or https URL`, ['issuer'])
}

const PLACES_FOR_BROWSERS = ['authorization_endpoint', 'end_session_endpoint'] as const

function isWebUrl(text: string | undefined): boolean {
  if (text === undefined) return true
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

async function discover(options: ResolvedOidcOptions): Promise<client.Configuration> {
  const { issuer, clientId, clientSecret, timeoutSeconds } = options
  const insecure = isLoopback(issuer) ? [client.allowInsecureRequests] : []
  const metadata = { [client.clockTolerance]: CLOCK_SKEW_SECONDS }
  const configuration = await client.discovery(issuer, clientId, metadata, authentication(clientSecret), {
    execute: [...insecure, client.enableNonRepudiationChecks],
    timeout: timeoutSeconds,
  })
  requireOpenIdConnect(configuration.serverMetadata())
  const methods = configuration.serverMetadata().token_endpoint_auth_methods_supported
  const wantsPost = clientSecret !== undefined && methods && !methods.includes('client_secret_basic')
  if (!wantsPost) return configuration
  const posting = new client.Configuration(
    configuration.serverMetadata(),
    clientId,
    metadata,
    client.ClientSecretPost(clientSecret),
  )
  for (const enable of [...insecure, client.enableNonRepudiationChecks]) enable(posting)
  posting.timeout = timeoutSeconds
  return posting
}

function authentication(clientSecret: string | undefined): client.ClientAuth {
  return clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret)
}
