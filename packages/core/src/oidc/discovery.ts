import * as client from 'openid-client'
import { PortcullisError } from '../errors.js'
import { isLoopback, type ResolvedOidcOptions } from './options.js'

const COOLDOWN_MS = 1000
const CLOCK_SKEW_SECONDS = 30

/**
 * Finds out what the provider is like, once; a failure is tried again, by one request for all who wait and at most once
 * a second. Rejects with `provider_unavailable`.
 */
export function createDiscovery(options: ResolvedOidcOptions): () => Promise<client.Configuration> {
  let current: Promise<client.Configuration> | undefined
  let failedAt = Number.NEGATIVE_INFINITY

  return () => {
    if (current) return current
    if (performance.now() - failedAt < COOLDOWN_MS)
      return Promise.reject(
        new PortcullisError('provider_unavailable', 'The provider was out of reach just now'),
      )
    current = discover(options).catch((cause: unknown) => {
      failedAt = performance.now()
      current = undefined
      throw new PortcullisError('provider_unavailable', 'The provider cannot be discovered', { cause })
    })
    return current
  }
}

async function discover(options: ResolvedOidcOptions): Promise<client.Configuration> {
  const { issuer, clientId, clientSecret, timeoutSeconds } = options
  const insecure = isLoopback(issuer) ? [client.allowInsecureRequests] : []
  const metadata = { [client.clockTolerance]: CLOCK_SKEW_SECONDS }
  const configuration = await client.discovery(issuer, clientId, metadata, authentication(clientSecret), {
    execute: [...insecure, client.enableNonRepudiationChecks],
    timeout: timeoutSeconds,
  })
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
