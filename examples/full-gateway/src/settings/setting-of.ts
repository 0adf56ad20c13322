import type { SettingName } from './fields.js'

const SETTINGS: Readonly<Record<string, SettingName>> = {
  issuer: 'OIDC_ISSUER',
  clientId: 'OIDC_CLIENT_ID',
  clientSecret: 'OIDC_CLIENT_SECRET',
  scopes: 'OIDC_SCOPES',
  emailClaim: 'OIDC_EMAIL_CLAIM',
  emailVerification: 'OIDC_EMAIL_VERIFICATION',
  groupsClaim: 'OIDC_GROUPS_CLAIM',
  roleByGroup: 'ROLE_BY_GROUP',
  externalTokens: 'TRUSTED_ISSUERS_FILE',
}

/** What an operator of the gateway calls the options that an event of the gate names. */
export function settingsOf(options: readonly string[]): string[] {
  return options.flatMap((option) => SETTINGS[option] ?? [])
}
