import {
  checkedByValue,
  flag,
  havingMethods,
  hook,
  isObject,
  listOf,
  mapOf,
  nonEmptyText,
  type Shape,
  someObject,
  text,
  textOrTexts,
} from '../input/kinds.js'
import { SIGNING_KEY } from '../jws/keys.js'
import type { GateOptions } from './gate-options.js'

const providerMethods = havingMethods('begin', 'complete', 'logoutUrl', 'ready')

function identityProvider(name: string, value: unknown, problems: string[]): void {
  providerMethods(name, value, problems)
  if (!isObject(value)) return
  nonEmptyText(`${name}.issuer`, value.issuer, problems)
  if (value.verifyLogoutToken !== undefined)
    hook(`${name}.verifyLogoutToken`, value.verifyLogoutToken, problems)
}

/** Every option of the gate, and of what kind it is. */
export const GATE_OPTIONS: Shape<GateOptions> = {
  store: havingMethods('read', 'commit', 'page', 'count', 'health', 'close'),
  publicUrl: text,
  insecurePublicUrl: flag,
  secret: textOrTexts,
  keys: listOf(SIGNING_KEY),
  identityProvider,
  allowedEmailDomains: checkedByValue,
  superAdmins: listOf(text),
  admins: listOf(text),
  roleByGroup: someObject,
  issuer: nonEmptyText,
  audience: nonEmptyText,
  scopes: mapOf(text),
  requiredScope: nonEmptyText,
  tokens: someObject,
  sessions: someObject,
  masterKey: text,
  masterKeyScopes: checkedByValue,
  requireFreshLogin: text,
  tokenRenewal: checkedByValue,
  trustedIssuers: checkedByValue,
  oauthClients: listOf(someObject),
  clientAddress: someObject,
  rateLimits: checkedByValue,
  bodyDeadlineMs: checkedByValue,
  storeDeadlineMs: checkedByValue,
  auditRetentionDays: checkedByValue,
  maxCredentialsPerAccount: checkedByValue,
  proofCacheSize: checkedByValue,
  nearCacheSize: checkedByValue,
  onDataLoss: checkedByValue,
  onStoreDegraded: checkedByValue,
  authRequest: someObject,
  pages: listOf(havingMethods('owns', 'isPublic', 'handle')),
  usageInstructions: hook,
  problems: listOf(hook),
  onEvent: hook,
  clock: hook,
  plugins: listOf(havingMethods('start')),
}
