import { FRAMING, HOP_BY_HOP } from './header-fields.js'

export const CREDENTIALS = [
  'authorization',
  'proxy-authorization',
  'x-authorization',
  'x-api-key',
  'x-api-token',
  'api-key',
  'x-goog-api-key',
  'x-goog-iam-authorization-token',
  'x-auth-token',
  'x-access-token',
  'x-id-token',
  'x-token',
  'x-jwt',
  'private-token',
  'x-session-token',
  'x-amz-security-token',
  'x-ms-token-*',
  'ocp-apim-subscription-key',
  'cookie',
  'cookie2',
]

/** The gate's own names. */
const OWN_NAMES = ['x-portcullis-*']

/** Some upstreams take another path, method, file or proxy from these than from the request line that was checked. */
const OVERRIDES = [
  'proxy',
  'x-original-method',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-*',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-host',
  'x-http-host-override',
  'x-accel-*',
  'x-sendfile*',
  'x-middleware-*',
  'x-envoy-*',
]

/** What authenticating proxies, meshes and clouds tell the services behind them about the caller. */
const IDENTITIES = [
  'from',
  'x-auth-*',
  'x-authenticated-*',
  'x-remote-*',
  'remote-*',
  'x-webauth-*',
  'x-vouch-*',
  'x-pomerium-*',
  'x-authentik-*',
  'x-tailscale-*',
  'tailscale-*',
  'x-sso-*',
  'x-oidc-*',
  'oidc-*',
  'x-saml-*',
  'mellon-*',
  'x-shib-*',
  'shib-*',
  'eppn',
  'persistent-id',
  'iv-*',
  'sm-*',
  'x-jwt-*',
  'x-claim-*',
  'impersonate-*',
  'x-on-behalf-*',
  'on-behalf-*',
  'x-run-as*',
  'run-as*',
  'x-is-*',
  'smuser',
  'x-consumer-*',
  'x-api-consumer*',
  'x-credential-*',
  'x-hasura-*',
  'x-goog-authenticated-*',
  'x-goog-iap-*',
  'x-appengine-*',
  'x-endpoint-api-*',
  'x-apigateway-*',
  'x-ms-client-principal*',
  'x-amzn-oidc-*',
  'x-amzn-mtls-*',
  'cf-access-*',
  // Certificates of clients (RFC 9440), as whoever ended their TLS reports them.
  'client-cert*',
  'x-client-cert*',
  'x-ssl-*',
  'ssl-*',
  'x-tls-client-*',
  'x-arr-clientcert',
]

/** Where a request came from is the business of the gate, and unproven when it comes from outside. */
const ORIGINS = [
  'forwarded',
  'via',
  'x-forwarded',
  'x-forwarded-*',
  'x-original-*',
  'x-originating-*',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-azure-clientip',
  'x-azure-socketip',
  'true-client-ip',
  'fastly-client-ip',
  'cf-connecting-*',
  'cf-pseudo-ipv4',
]

/** A word of a name that says who or whose; `x-acme-user-id`, `x-scope-orgid` and `acme-organization` have one. */
const WORDS_OF_IDENTITY = [
  'user',
  'email',
  'mail',
  'upn',
  'login',
  'account',
  'principal',
  'identity',
  'subject',
  'group',
  'role',
  'team',
  'tenant',
  'org',
  'organi[sz]ation',
  'customer',
  'consumer',
  'member',
  'dn',
  'sub',
  'uid',
  'samaccount',
  'eppn',
  'spiffe',
  'nick',
  'display',
  'full',
  'employee',
  'department',
  'company',
  'owner',
  'actor',
  'caller',
  'admin',
  'superuser',
  'sudo',
  'privilege',
  'permission',
  'entitlement',
  'claim',
  'scope',
  'workspace',
  'project',
]

/** A word of a name by which another proxy charges and logs, takes a credential, or chooses where it sends a request. */
const WORDS_OF_OTHER_PROXIES = [
  'tag',
  'metadata',
  'spend',
  'auth',
  'authorization',
  'api-?key',
  'virtual-?key',
  'vk',
  'host',
  'api-?base',
  'base-?ur[il]',
  'target-?ur[il]',
]
const HAS_A_WORD = new RegExp(
  `(?:^|-)(?:${[...WORDS_OF_IDENTITY, ...WORDS_OF_OTHER_PROXIES].join('|')})(?:s|s?-?ids?|-?names?|e?mail|info)?(?:-|$)`,
)
const NAMES_A_PROGRAM = /(?:^|-)user-?agent$/

/** Whether a normalised name has a word in it that says who or whose. */
export function saysWho(name: string): boolean {
  return HAS_A_WORD.test(name) && !NAMES_A_PROGRAM.test(name)
}

/**
 * Inbound headers that never reach an upstream, beside every name with a word in it that says who or whose (user,
 * email, account, role, team, …); a trailing `*` stands for any ending.
 */
export const REMOVED_REQUEST_HEADERS: readonly string[] = [
  ...HOP_BY_HOP,
  ...FRAMING,
  ...CREDENTIALS,
  ...OWN_NAMES,
  ...OVERRIDES,
  ...IDENTITIES,
  ...ORIGINS,
]

/** What no option lets through: it would speak for the connection, for a caller, or against what was checked. */
export const NEVER_ALLOWED: readonly string[] = [
  ...HOP_BY_HOP,
  ...FRAMING,
  ...CREDENTIALS,
  ...OWN_NAMES,
  ...OVERRIDES,
]

/** What a header that names the caller cannot be called. */
export const NEVER_IDENTITY_HEADERS: readonly string[] = [...HOP_BY_HOP, ...FRAMING, ...CREDENTIALS]
