import { isConfidential } from '../encoding/loopback.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { checkedByValue, integer, listOf, nonEmptyText, oneOf, text } from '../input/kinds.js'
import { type GivenOptions, optional, readOptions, required } from '../input/options.js'

const OIDC_OPTIONS = {
  /** Exactly as the provider names itself; https, or http on loopback. */
  issuer: required<string>(checkedByValue),
  /** What the provider calls the gate: it is shown where the client was registered. */
  clientId: required(text),
  /** Without one the client is public, and PKCE alone protects the code. */
  clientSecret: optional(nonEmptyText),
  /** What the provider is asked for; `openid` among them. Default `openid email profile`. */
  scopes: optional(listOf(nonEmptyText), { default: ['openid', 'email', 'profile'] }),
  /**
   * Claim that lists the groups, by its name or as a path such as `realm_access.roles`. Default `groups`. One text counts
   * as one group.
   */
  groupsClaim: optional(text, { default: 'groups' }),
  /**
   * Claim that holds the e-mail address, such as `upn` or `preferred_username`. Default `email`, the only one that
   * `email_verified` speaks of: any other needs another `emailVerification` than `claim`.
   */
  emailClaim: optional(text, { default: 'email' }),
  /**
   * What proves that an address is the user's. `claim` (default): `email_verified` of the same source as the address.
   * `insecure-trust-provider`: every address that the provider names, for those that send no `email_verified` (Microsoft
   * Entra ID, some SAML bridges); one that it calls unverified, in the ID token or by userinfo, is still refused. `insecure-trust-unverified`: those too (a
   * Keycloak that has its users from elsewhere). Only where the operator alone decides which addresses users of the provider
   * have, such as a tenant of its own: anywhere else users can take the account of anybody.
   */
  emailVerification: optional(oneOf('claim', 'insecure-trust-provider', 'insecure-trust-unverified'), {
    default: 'claim',
  }),
  /** Every request to the provider is over by then. 100 to 60000, default 5000. The gate waits 30 seconds for all of a login's together. */
  timeoutMs: optional(integer(100, 60_000), { default: 5000 }),
}

export interface OidcProviderOptions extends GivenOptions<typeof OIDC_OPTIONS> {}

export type EmailVerification = NonNullable<OidcProviderOptions['emailVerification']>

export interface ResolvedOidcOptions {
  readonly issuer: URL
  readonly clientId: string
  readonly clientSecret: string | undefined
  readonly scope: string
  readonly groupsClaim: string
  readonly emailClaim: string
  readonly emailVerification: EmailVerification
  readonly timeoutSeconds: number
}

/** Throws `configuration_invalid` that names every problem at once. */
export function resolveOidcOptions(given: OidcProviderOptions): ResolvedOidcOptions {
  const problems: string[] = []
  const options = readOptions(given, OIDC_OPTIONS, problems)
  const { clientId, scopes, emailClaim, emailVerification, groupsClaim } = options
  const issuer = URL.canParse(options.issuer) ? new URL(options.issuer) : undefined
  // One that is missing was named already.
  if (options.issuer !== undefined && (!issuer || !isConfidential(issuer)))
    problems.push('issuer: give an https URL, or http on loopback')
  if (issuer && isOfEveryTenant(issuer))
    problems.push(
      'issuer: give the one of your tenant, https://login.microsoftonline.com/TENANT-ID/v2.0; this one speaks for users of all tenants, whose administrators choose their addresses',
    )
  if (clientId === '') problems.push('clientId: required')
  if (!scopes.includes('openid')) problems.push('scopes: openid is required')
  if (emailClaim === '') problems.push('emailClaim: give the name of a claim')
  if (groupsClaim === '') problems.push('groupsClaim: give the name of a claim')
  if (emailClaim !== '' && emailClaim !== 'email' && emailVerification === 'claim')
    problems.push(
      `emailClaim: email_verified says nothing of ${JSON.stringify(emailClaim)}; with emailVerification: 'insecure-trust-provider' it is trusted without`,
    )
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
    clientId,
    clientSecret: options.clientSecret,
    scope: scopes.join(' '),
    groupsClaim,
    emailClaim,
    emailVerification,
    timeoutSeconds: options.timeoutMs / 1000,
  }
}

/** Issuers of Entra ID at which anybody's tenant logs in; the ID token then names that tenant. */
function isOfEveryTenant({ hostname, pathname }: URL): boolean {
  return ENTRA_HOSTS.test(hostname) && EVERY_TENANT.test(pathname)
}

const ENTRA_HOSTS =
  /^(login\.(microsoftonline\.(com|us)|microsoft\.com|windows\.net|(partner\.microsoftonline|chinacloudapi)\.cn)|sts\.windows\.net)$/
/** By name, and that of everybody's own accounts by its id too. */
const EVERY_TENANT = /^\/(common|organizations|consumers|9188040d-6c67-4c5b-b112-36a304b66dad)(\/|$)/i
