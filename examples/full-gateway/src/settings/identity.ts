import type { EmailVerification } from '@portcullis/core/oidc'
import type { SettingName } from './fields.js'
import type { Values } from './values.js'

/** Who logs people in. */
export type IdentitySettings =
  /** The demo identity provider. Without a password one is made up; port 0 is any free one. */
  | { readonly kind: 'demo'; readonly password: string | undefined; readonly port: number }
  /** Without a client secret the gateway is a public client, protected by PKCE alone. */
  | {
      readonly kind: 'oidc'
      readonly issuer: string
      readonly clientId: string
      readonly clientSecret: string | undefined
      readonly scopes: string
      readonly emailClaim: string
      readonly emailVerification: EmailVerification
      readonly groupsClaim: string
    }

const NEEDS_ISSUER = [
  'OIDC_CLIENT_ID',
  'OIDC_CLIENT_SECRET',
  'OIDC_SCOPES',
  'OIDC_EMAIL_CLAIM',
  'OIDC_EMAIL_VERIFICATION',
  'OIDC_GROUPS_CLAIM',
] as const satisfies readonly SettingName[]

export function readIdentity(
  values: Values,
  isSet: (name: SettingName) => boolean,
  production: boolean,
  problems: string[],
  warnings: string[],
): IdentitySettings {
  if (isSet('OIDC_ISSUER')) {
    if (!isSet('OIDC_CLIENT_ID'))
      problems.push('OIDC_CLIENT_ID: required with OIDC_ISSUER; it is shown where the client was registered')
    if (isSet('DEMO_PASSWORD') || isSet('DEMO_PROVIDER_PORT'))
      warnings.push('DEMO_PASSWORD and DEMO_PROVIDER_PORT have no effect with OIDC_ISSUER')
    const { OIDC_EMAIL_CLAIM: emailClaim, OIDC_EMAIL_VERIFICATION: emailVerification } = values
    if (emailClaim !== 'email' && emailVerification === 'claim')
      problems.push(
        'OIDC_EMAIL_CLAIM: email_verified speaks of email alone; set OIDC_EMAIL_VERIFICATION=insecure-trust-provider too if only you decide which addresses users of the provider have',
      )
    if (emailVerification !== 'claim')
      warnings.push(
        `OIDC_EMAIL_VERIFICATION is ${emailVerification}: whoever decides which address a user of the provider has decides whose account that user gets`,
      )
    return {
      kind: 'oidc',
      issuer: values.OIDC_ISSUER ?? '',
      clientId: values.OIDC_CLIENT_ID ?? '',
      clientSecret: values.OIDC_CLIENT_SECRET,
      scopes: values.OIDC_SCOPES,
      emailClaim,
      emailVerification,
      groupsClaim: values.OIDC_GROUPS_CLAIM,
    }
  }
  for (const name of NEEDS_ISSUER)
    if (isSet(name)) problems.push(`${name}: has no effect without OIDC_ISSUER; set that too, or remove this`)
  if (production)
    problems.push('OIDC_ISSUER: required in production, where the demo identity provider does not start')
  return { kind: 'demo', password: values.DEMO_PASSWORD, port: values.DEMO_PROVIDER_PORT ?? 0 }
}
