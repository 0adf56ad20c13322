import type { Duration } from '@portcullis/core'
import type { SettingName } from './fields.js'
import type { Values } from './values.js'

/** Which credentials are accepted beside sessions, tokens and API keys, and on which terms. */
export interface CredentialSettings {
  readonly masterKey: string | undefined
  readonly masterKeyScopes: 'administration' | 'everything'
  readonly requireFreshLogin: Duration | undefined
  readonly tokenRenewal: 'offer' | 'none'
  /** A JSON file with a list of issuers. */
  readonly trustedIssuersFile: string | undefined
  /** One issuer that needs no more than this. */
  readonly trustedIssuer: TrustedIssuerSettings | undefined
  /** A JSON file with a list of clients. */
  readonly oauthClientsFile: string | undefined
  /** The directory's; several, to rotate. */
  readonly scimSecrets: readonly string[] | undefined
  readonly allowedEmailDomains: readonly string[] | undefined
}

export interface TrustedIssuerSettings {
  readonly issuer: string
  readonly audience: readonly string[]
  readonly jwksUri?: string
}

export function readCredentials(
  values: Values,
  isSet: (name: SettingName) => boolean,
  problems: string[],
): CredentialSettings {
  if (isSet('TRUSTED_ISSUER') !== isSet('TRUSTED_AUDIENCE'))
    problems.push('TRUSTED_AUDIENCE: goes with TRUSTED_ISSUER; give what its tokens have as `aud`')
  if (isSet('TRUSTED_JWKS_URI') && !isSet('TRUSTED_ISSUER'))
    problems.push('TRUSTED_JWKS_URI: goes with TRUSTED_ISSUER')
  if (isSet('MASTER_KEY_SCOPES') && !isSet('MASTER_KEY'))
    problems.push('MASTER_KEY_SCOPES: has no effect without MASTER_KEY; set that too, or remove this')
  const { TRUSTED_ISSUER: issuer, TRUSTED_AUDIENCE: audience, TRUSTED_JWKS_URI: jwksUri } = values
  const isComplete = issuer !== undefined && audience !== undefined
  return {
    masterKey: values.MASTER_KEY,
    masterKeyScopes: values.MASTER_KEY_SCOPES ?? 'administration',
    requireFreshLogin: values.REQUIRE_FRESH_LOGIN,
    tokenRenewal: values.TOKEN_RENEWAL,
    trustedIssuersFile: values.TRUSTED_ISSUERS_FILE,
    trustedIssuer: isComplete
      ? { issuer, audience, ...(jwksUri === undefined ? {} : { jwksUri }) }
      : undefined,
    oauthClientsFile: values.OAUTH_CLIENTS_FILE,
    scimSecrets: values.SCIM_SECRET,
    allowedEmailDomains: values.ALLOWED_EMAIL_DOMAINS,
  }
}
