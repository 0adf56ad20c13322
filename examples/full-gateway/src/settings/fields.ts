import { isIP } from 'node:net'
import {
  type ClientAddressOptions,
  canonicalEmail,
  type Duration,
  type RateLimits,
  secretProblem,
} from '@portcullis/core'
import type { IdentityHeaders, IdentityPart } from '@portcullis/core/proxy'
import { redisUrlProblem } from '@portcullis/core/redis'
import { z } from 'zod'

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** A setting that is read as it stands. Problems never quote it: it may be a secret. */
const opaque = z.string().refine((text) => !/[\x00-\x1f\x7f]/.test(text), 'remove the control characters')

/** A credential that is sent in a header. */
const apiKey = z
  .string()
  .refine((key) => /^[\x21-\x7e]+$/.test(key), 'give one key, without spaces or line breaks')

const portNumber = z
  .string()
  .regex(/^\d{1,5}$/, 'give a port number from 0 to 65535')
  .transform(Number)
  .refine((port) => port <= 65_535, 'give a port number from 0 to 65535')

const host = z
  .string()
  .refine(
    (name) => isIP(name) !== 0 || /^[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(name),
    'give an address or a host name to listen on, such as 127.0.0.1, without a scheme or port',
  )

/** An http or https URL without user, query or fragment, as it was written. */
const plainUrl = (advice: string) =>
  z.string().refine((text) => {
    if (!URL.canParse(text)) return false
    const url = new URL(text)
    const isPlain = !/[?#]/.test(text) && url.username === '' && url.password === ''
    return /^https?:$/.test(url.protocol) && isPlain
  }, advice)

const publicUrl = plainUrl(
  'give the origin that browsers see, such as https://gate.example.com, without user, query or fragment',
).transform((text, check) => {
  const url = new URL(text)
  if (url.pathname !== '/')
    check.addIssue('give the origin alone, such as https://gate.example.com, without a path')
  return url.origin
})

const issuer = plainUrl(
  'give the issuer URL of the identity provider, such as https://login.example.com',
).refine(
  (text) => !text.includes('/.well-known/'),
  'give the issuer itself, without /.well-known/openid-configuration',
)

const scopes = z.string().transform((text, check) => {
  const names = [...new Set(text.split(/[\s,]+/).filter(Boolean))]
  if (!names.every((name) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name)))
    check.addIssue('give scope names with spaces between them')
  if (!names.includes('openid')) check.addIssue('add openid: without it the provider sends no identity')
  if (!names.includes('email')) check.addIssue('add email: accounts are known by their e-mail')
  return names.join(' ')
})

const email = z.string().transform((text, check) => readEmail(text, check))

const emails = z
  .string()
  .transform((text, check) => [...new Set(listOf(text).map((entry) => readEmail(entry, check)))])

/** Several, so that they can be changed without a gap: the first is used for new work, all for the old. */
const secrets = z.string().transform((text, check) => {
  const entries = listOf(text)
  if (entries.length === 0)
    check.addIssue('give a secret of at least 32 bytes; `openssl rand -hex 32` makes one')
  entries.forEach((secret, index) => {
    const problem = secretProblem(secret)
    const which = entries.length > 1 ? `number ${index + 1} is ` : ''
    if (problem) check.addIssue(`${which}${problem}`)
  })
  return entries
})

const redisUrl = z.string().superRefine((url, check) => {
  const problem = redisUrlProblem(url)
  if (problem) check.addIssue(problem)
})

const redisUrls = z.string().transform((text, check) => {
  const urls = listOf(text)
  if (urls.length === 0) check.addIssue('give the URL of a node such as redis://redis.example.com:6379')
  urls.forEach((url, index) => {
    const problem = redisUrlProblem(url, { isCluster: true })
    if (problem) check.addIssue(`number ${index + 1}: ${problem}`)
  })
  return urls
})

const sentinels = z.string().transform((text, check) => {
  const hosts = listOf(text)
  if (hosts.length === 0 || !hosts.every((host) => /^[^:\s]+:\d{1,5}$/.test(host)))
    check.addIssue('give each sentinel as HOST:PORT, with commas between them')
  return hosts
})

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `give a number from ${least} to ${most}`)
    .transform(Number)
    .refine((count) => count >= least && count <= most, `give a number from ${least} to ${most}`)

const onOrOff = z.enum(['1', '0'], { error: 'give 1 or 0' }).transform((text) => text === '1')

const duration = z
  .string()
  .regex(/^\d{1,9}[smhd]$/, 'give a duration such as 15m, 24h or 30d')
  .transform((text) => text as Duration)

const list = (advice: string) => opaque.transform(listOf).refine((entries) => entries.length > 0, advice)

const GROUP_ROLES = ['viewer', 'user', 'admin'] as const
type GroupRole = (typeof GROUP_ROLES)[number]

const rolesByGroup = opaque.transform((text, check) => {
  const entries = listOf(text).map((entry): readonly [string, GroupRole] => {
    const at = entry.lastIndexOf('=')
    const [group, role] = [entry.slice(0, Math.max(at, 0)).trim(), entry.slice(at + 1).trim()]
    const known = GROUP_ROLES.find((one) => one === role)
    if (group === '' || known === undefined) check.addIssue('give GROUP=viewer, GROUP=user or GROUP=admin')
    return [group, known ?? 'viewer']
  })
  return Object.fromEntries(entries)
})

const files = opaque
  .transform(listOf)
  .refine((paths) => paths.length > 0, 'give the path of a PKCS #8 PEM or JWK file')

/** A number of hops, or the addresses, networks and ranges of the proxies; the gate checks those. */
const trustProxy = opaque.transform((text): ClientAddressOptions | undefined => {
  if (text === '0') return undefined
  return /^\d{1,9}$/.test(text) ? { hops: Number(text) } : { trustedProxies: listOf(text) }
})

/** `logins_per_minute=600` becomes `loginsPerMinute: 600`; whether there is such a limit, the gate says. */
const rateLimits = opaque.transform((text, check): Partial<RateLimits> | 'off' => {
  if (text === 'off') return 'off'
  const limits: Record<string, number | 'off'> = {}
  for (const entry of listOf(text)) {
    const [, name, limit] = /^([a-z_]{1,64})\s*=\s*(\d{1,9}|off)$/.exec(entry) ?? []
    if (name === undefined || limit === undefined) {
      check.addIssue('give off, or limits such as logins_per_minute=600,guesses_per_minute=off')
      return {}
    }
    const option = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    limits[option] = limit === 'off' ? limit : Number(limit)
  }
  return limits
})

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/

const IDENTITY_PARTS: readonly string[] = [
  'accountId',
  'email',
  'name',
  'groups',
  'role',
  'credentialId',
] satisfies readonly IdentityPart[]

/** `x-litellm-user-email=email,x-user=accountId` */
const identityHeaders = z.string().transform((text, check): IdentityHeaders => {
  const entries = listOf(text).map((entry) => entry.split('=').map((side) => side.trim()))
  const isRight = ([name = '', part = '', ...more]: string[]) =>
    HEADER_NAME.test(name) && IDENTITY_PARTS.includes(part) && more.length === 0
  if (entries.length === 0 || !entries.every(isRight))
    check.addIssue(`give HEADER=PART with commas between them, each PART one of ${IDENTITY_PARTS.join(', ')}`)
  return Object.fromEntries(entries) as IdentityHeaders
})

const headerNames = z
  .string()
  .transform(listOf)
  .refine(
    (names) => names.length > 0 && names.every((name) => HEADER_NAME.test(name)),
    'give header names with commas between them; a trailing * stands for any ending',
  )

/**
 * Every setting, how it is read, and its default where it has one that is the same for everybody. A setting that is not here
 * is not read.
 */
export const FIELDS = {
  NODE_ENV: z.enum(['production', 'development', 'test'], {
    error: 'give production, development or test; whatever serves real people is production',
  }),
  PORT: portNumber.default(8080),
  HOST: host,
  PUBLIC_URL: publicUrl,
  INSECURE_PUBLIC_URL: onOrOff.default(false),
  FRAMEWORK: z
    .enum(['express', 'koa', 'fastify'], { error: 'give express, koa or fastify' })
    .default('fastify'),
  WORKERS: wholeNumber(1, 128).default(1),
  STRICT: onOrOff.default(false),
  LOG_LEVEL: z
    .string()
    .toLowerCase()
    .pipe(z.enum(LOG_LEVELS, { error: `give one of ${LOG_LEVELS.join(', ')}` }))
    .default('info'),
  DATA_DIR: opaque.default('.data'),
  WITNESS_DIR: opaque,
  STORE_WAIT_SECONDS: wholeNumber(0, 3600).default(60),
  REDIS_URL: redisUrl,
  REDIS_CLUSTER: redisUrls,
  REDIS_SENTINELS: sentinels,
  REDIS_MASTER: opaque,
  REDIS_REPLICAS: wholeNumber(0, 10).default(0),
  REDIS_REPLICAS_TIMEOUT_MS: wholeNumber(10, 10_000).default(100),
  AUDIT_RETENTION_DAYS: wholeNumber(1, 3660).default(400),
  MAX_CREDENTIALS_PER_ACCOUNT: wholeNumber(1, 1_000_000).default(10_000),
  ON_DATA_LOSS: z.enum(['refuse', 'accept'], { error: 'give refuse or accept' }).default('refuse'),
  OIDC_ISSUER: issuer,
  OIDC_CLIENT_ID: opaque,
  OIDC_CLIENT_SECRET: opaque,
  OIDC_SCOPES: scopes.default('openid email profile'),
  OIDC_EMAIL_CLAIM: opaque.default('email'),
  OIDC_EMAIL_VERIFICATION: z
    .enum(['claim', 'insecure-trust-provider', 'insecure-trust-unverified'], {
      error: 'give claim, insecure-trust-provider or insecure-trust-unverified',
    })
    .default('claim'),
  OIDC_GROUPS_CLAIM: opaque.default('groups'),
  DEMO_PASSWORD: opaque.refine((text) => text.length <= 200, 'give at most 200 characters'),
  DEMO_PROVIDER_PORT: portNumber,
  UPSTREAM_URL: plainUrl('give an http or https URL without user, query or fragment'),
  UPSTREAM_API_KEY: apiKey,
  ANTHROPIC_API_KEY: apiKey,
  OPENAI_API_KEY: apiKey,
  IDENTITY_HEADERS: identityHeaders,
  ALLOW_REQUEST_HEADERS: headerNames,
  FORWARD_REQUEST_HEADERS: z.enum(['all', 'listed'], { error: 'give all or listed' }),
  UPSTREAM_PAGES: z.enum(['sandboxed', 'insecure_same_origin'], {
    error: 'give sandboxed or insecure_same_origin',
  }),
  SUPER_ADMIN_EMAIL: email,
  ADMIN_EMAILS: emails.default([]),
  ROLE_BY_GROUP: rolesByGroup.default({}),
  AUTH_REQUEST_PROXY: z.enum(['nginx', 'forward-auth', 'envoy'], {
    error: 'give nginx, forward-auth (Traefik, Caddy) or envoy',
  }),
  AUTH_REQUEST_UNAUTHENTICATED: z
    .enum(['refuse', 'login'], { error: 'give refuse or login' })
    .default('refuse'),
  JWT_SECRET: secrets,
  JWT_KEY_FILE: files,
  SESSION_SECRET: secrets,
  MASTER_KEY: opaque.superRefine((key, check) => {
    const problem = secretProblem(key)
    if (problem) check.addIssue(problem)
  }),
  MASTER_KEY_SCOPES: z.enum(['administration', 'everything'], { error: 'give administration or everything' }),
  REQUIRE_FRESH_LOGIN: duration,
  TOKEN_RENEWAL: z.enum(['offer', 'none'], { error: 'give offer or none' }).default('none'),
  TRUSTED_ISSUERS_FILE: opaque,
  TRUSTED_ISSUER: issuer,
  TRUSTED_AUDIENCE: list('give the audience of the tokens, several with commas between them'),
  TRUSTED_JWKS_URI: plainUrl('give an http or https URL without user, query or fragment'),
  OAUTH_CLIENTS_FILE: opaque,
  SCIM_SECRET: secrets,
  TRUST_PROXY: trustProxy,
  RATE_LIMITS: rateLimits.default({}),
  ALLOWED_EMAIL_DOMAINS: list('give domains such as example.com, with commas between them'),
}

export type SettingName = keyof typeof FIELDS
export type SettingValue<Name extends SettingName> = z.output<(typeof FIELDS)[Name]>

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
}

function readEmail(text: string, check: { addIssue(message: string): void }): string {
  const account = canonicalEmail(text)
  if (account === undefined) check.addIssue(`${JSON.stringify(text.slice(0, 254))} is not an e-mail address`)
  return account ?? ''
}
