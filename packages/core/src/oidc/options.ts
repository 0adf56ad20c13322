import { PortcullisError } from '../errors.js'

export interface OidcProviderOptions {
  /** Exactly as the provider names itself; https, or http on loopback. */
  readonly issuer: string
  readonly clientId: string
  /** Without one the client is public, and PKCE alone protects the code. */
  readonly clientSecret?: string
  /** Default `openid email profile`. */
  readonly scopes?: readonly string[]
  /** Claim that lists the groups. Default `groups`. */
  readonly groupsClaim?: string
  /** Every request to the provider is over by then. 100 to 60000, default 5000. */
  readonly timeoutMs?: number
}

export interface ResolvedOidcOptions {
  readonly issuer: URL
  readonly clientId: string
  readonly clientSecret: string | undefined
  readonly scope: string
  readonly groupsClaim: string
  readonly timeoutSeconds: number
}

/** Throws `configuration_invalid` that names every problem at once. */
export function resolveOidcOptions(options: OidcProviderOptions): ResolvedOidcOptions {
  const problems: string[] = []
  const { scopes = ['openid', 'email', 'profile'], timeoutMs = 5000 } = options
  const issuer = URL.canParse(options.issuer) ? new URL(options.issuer) : undefined
  if (!issuer || !(issuer.protocol === 'https:' || isLoopback(issuer)))
    problems.push('issuer: give an https URL, or http on loopback')
  if (options.clientId === '') problems.push('clientId: required')
  if (!scopes.includes('openid')) problems.push('scopes: openid is required')
  if (!Number.isInteger(timeoutMs) || timeoutMs < 100 || timeoutMs > 60_000)
    problems.push('timeoutMs: give an integer from 100 to 60000')
  if (!issuer || problems.length > 0)
    throw new PortcullisError(
      'configuration_invalid',
      `The provider cannot be used: ${problems.join('; ')}`,
      {
        problems,
      },
    )
  return {
    issuer,
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    scope: scopes.join(' '),
    groupsClaim: options.groupsClaim ?? 'groups',
    timeoutSeconds: timeoutMs / 1000,
  }
}

export function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}
