import path from 'node:path'
import {
  type AuthRequestOptions,
  type ClientAddressOptions,
  PortcullisError,
  type RateLimits,
} from '@portcullis/core'
import type { EmailVerification } from '@portcullis/core/oidc'
import type { Framework } from './frameworks.js'
import { type CredentialSettings, readCredentials } from './settings/credentials.js'
import { FIELDS, type LogLevel, type SettingName, type SettingValue } from './settings/fields.js'
import { type ForwardingSettings, readForwarding } from './settings/forwarding.js'
import { suggestName } from './settings/spelling.js'
import { readStore, type StoreSettings } from './settings/store.js'

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

/** Where requests to one vendor's API go, and with which credential. */
export interface ApiUpstream {
  readonly url: string
  /** Sent as `x-api-key` to Anthropic's API and as a bearer token to OpenAI's. Absent: no credential is attached. */
  readonly apiKey: string | undefined
}

/** `anthropic` serves `/v1/messages…`, `openai` everything else; an API that is undefined is not served. */
export type UpstreamSettings =
  | { readonly kind: 'demo' }
  | { readonly kind: 'single'; readonly anthropic: ApiUpstream; readonly openai: ApiUpstream }
  | {
      readonly kind: 'vendors'
      readonly anthropic: ApiUpstream | undefined
      readonly openai: ApiUpstream | undefined
    }

/** What signs tokens. Several: the first signs, all verify. */
export type SigningSettings =
  /** Key files, each a PKCS #8 PEM or a JWK, and after them secrets. */
  | { readonly kind: 'given'; readonly paths: readonly string[]; readonly secrets: readonly string[] }
  /** Nothing given: a secret is generated into the data directory. Never in production. */
  | { readonly kind: 'generated' }

export interface Settings {
  readonly production: boolean
  /** 0: any free port. */
  readonly port: number
  readonly host: string
  /** The origin that browsers see. Undefined only when it follows from a port that the system is yet to choose. */
  readonly publicUrl: string | undefined
  /** Whether `publicUrl` may be plain http on another host than this one; never in production. */
  readonly insecurePublicUrl: boolean
  /** What serves the requests. */
  readonly framework: Framework
  readonly logLevel: LogLevel
  readonly dataDir: string
  /** What the store must still have, beside its data, so that an old copy or a loss is noticed. Undefined: nowhere to keep it. */
  readonly witnessDir: string | undefined
  readonly store: StoreSettings
  /** How long a start waits for a store that does not answer yet. */
  readonly storeWaitSeconds: number
  /** Processes that serve, on one port and one store. */
  readonly workers: number
  /** Whose address counts as the client's. Undefined: the peer's own. */
  readonly clientAddress: ClientAddressOptions | undefined
  readonly rateLimits: Partial<RateLimits> | 'off'
  /** Neither starts nor says that it is ready on a store that may not keep what it acknowledges. */
  readonly strict: boolean
  /** What happens to credentials from before the store lost records, until somebody accepts the loss. */
  readonly onDataLoss: 'refuse' | 'accept'
  /** How long entries of the audit log are kept. */
  readonly auditRetentionDays: number
  readonly maxCredentialsPerAccount: number
  readonly credentials: CredentialSettings
  readonly identity: IdentitySettings
  readonly upstreams: UpstreamSettings
  readonly forwarding: ForwardingSettings
  readonly superAdmins: readonly string[]
  readonly admins: readonly string[]
  readonly roleByGroup: Readonly<Record<string, 'viewer' | 'user' | 'admin'>>
  /** How a proxy asks at `/oauth2/auth`, and what it gets for a browser without a session. */
  readonly authRequest: AuthRequestOptions
  readonly signing: SigningSettings
  /** The first encrypts, all decrypt. Undefined: one is generated into the data directory. Never in production. */
  readonly sessionSecrets: readonly string[] | undefined
  /** For the log at start: what is allowed and probably not meant. Quotes no secret. */
  readonly warnings: readonly string[]
}

type Values = { readonly [Name in SettingName]?: SettingValue<Name> }

/**
 * Reads the settings of the gateway from environment variables; `.env.example` describes each. An empty variable counts
 * as unset. Throws `PortcullisError` `configuration_invalid` whose `problems` names every one of them and what to do
 * about it; neither problems nor warnings quote a secret.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = []
  const warnings: string[] = []
  const isSet = (name: SettingName) => Boolean(env[name]?.trim())
  const values = readFields(env, problems)
  const production = env.NODE_ENV?.trim() === 'production'

  const identity = readIdentity(values, isSet, production, problems, warnings)
  const upstreams = readUpstreams(values, isSet, production, problems, warnings)
  const store = readStore(values, isSet, problems, warnings)
  const credentials = readCredentials(values, isSet, problems)
  const forwarding = readForwarding(values, problems)
  const signing = readSigning(values, isSet, production, problems)
  if (production && !isSet('SESSION_SECRET'))
    problems.push('SESSION_SECRET: required in production; `openssl rand -hex 32` makes one')
  requireHttps('PUBLIC_URL', values.PUBLIC_URL, production, problems)
  if (!production && values.INSECURE_PUBLIC_URL !== true && isPlainHttp(values.PUBLIC_URL))
    problems.push(
      'PUBLIC_URL: give an https URL, or INSECURE_PUBLIC_URL=1 where anybody on the way may read sessions and tokens',
    )
  requireHttps('OIDC_ISSUER', values.OIDC_ISSUER, production, problems)

  const port = values.PORT ?? 8080
  const workers = values.WORKERS ?? 1
  if (workers > 1 && port === 0) problems.push('WORKERS: needs a PORT other than 0, which all of them share')
  const isDemo = identity.kind === 'demo'
  const host = values.HOST ?? (isDemo ? '127.0.0.1' : '0.0.0.0')
  const superAdmin = values.SUPER_ADMIN_EMAIL ?? (isDemo ? 'admin@example.com' : undefined)
  if (!isSet('SUPER_ADMIN_EMAIL') && !isDemo)
    warnings.push('SUPER_ADMIN_EMAIL is not set: nobody can appoint administrators')
  if (isDemo && !isLoopback(host))
    warnings.push(
      'HOST is reachable from other machines, but the demo identity provider is on loopback alone',
    )
  if (!isSet('PUBLIC_URL') && !isDemo)
    warnings.push(`PUBLIC_URL is not set: browsers are sent to http://localhost:${port}`)
  warnings.push(...findMisspelled(env))

  if (problems.length > 0)
    throw new PortcullisError('configuration_invalid', `The gateway cannot start: ${problems.join('; ')}`, {
      problems,
    })
  return {
    production,
    port,
    host,
    publicUrl: values.PUBLIC_URL ?? (port === 0 ? undefined : `http://localhost:${port}`),
    insecurePublicUrl: values.INSECURE_PUBLIC_URL ?? false,
    framework: values.FRAMEWORK ?? 'fastify',
    logLevel: values.LOG_LEVEL ?? 'info',
    dataDir: values.DATA_DIR ?? '.data',
    witnessDir: values.WITNESS_DIR ?? path.join(values.DATA_DIR ?? '.data', 'witness'),
    store,
    storeWaitSeconds: values.STORE_WAIT_SECONDS ?? 60,
    workers,
    clientAddress: values.TRUST_PROXY,
    rateLimits: values.RATE_LIMITS ?? {},
    strict: values.STRICT ?? false,
    onDataLoss: values.ON_DATA_LOSS ?? 'refuse',
    auditRetentionDays: values.AUDIT_RETENTION_DAYS ?? 400,
    maxCredentialsPerAccount: values.MAX_CREDENTIALS_PER_ACCOUNT ?? 10_000,
    credentials,
    identity,
    upstreams,
    forwarding,
    superAdmins: superAdmin === undefined ? [] : [superAdmin],
    admins: values.ADMIN_EMAILS ?? [],
    roleByGroup: values.ROLE_BY_GROUP ?? {},
    authRequest: {
      ...(values.AUTH_REQUEST_PROXY === undefined ? {} : { proxy: values.AUTH_REQUEST_PROXY }),
      unauthenticated: values.AUTH_REQUEST_UNAUTHENTICATED ?? 'refuse',
    },
    signing,
    sessionSecrets: values.SESSION_SECRET,
    warnings,
  }
}

const NAMES = Object.keys(FIELDS) as SettingName[]

/** One by one, since a schema of the whole would keep back the settings that are right beside one that is wrong. */
function readFields(env: Readonly<Record<string, string | undefined>>, problems: string[]): Values {
  const values: Partial<Record<SettingName, unknown>> = {}
  for (const name of NAMES) {
    const text = env[name]?.trim()
    if (!text) continue
    const result = FIELDS[name].safeParse(text)
    if (result.success) values[name] = result.data
    else for (const issue of result.error.issues) problems.push(`${name}: ${issue.message}`)
  }
  return values as Values
}

type IsSet = (name: SettingName) => boolean

function readIdentity(
  values: Values,
  isSet: IsSet,
  production: boolean,
  problems: string[],
  warnings: string[],
): IdentitySettings {
  if (isSet('OIDC_ISSUER')) {
    if (!isSet('OIDC_CLIENT_ID'))
      problems.push('OIDC_CLIENT_ID: required with OIDC_ISSUER; it is shown where the client was registered')
    if (isSet('DEMO_PASSWORD') || isSet('DEMO_PROVIDER_PORT'))
      warnings.push('DEMO_PASSWORD and DEMO_PROVIDER_PORT have no effect with OIDC_ISSUER')
    const { OIDC_EMAIL_CLAIM: emailClaim = 'email', OIDC_EMAIL_VERIFICATION: emailVerification = 'claim' } =
      values
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
      scopes: values.OIDC_SCOPES ?? 'openid email profile',
      emailClaim,
      emailVerification,
      groupsClaim: values.OIDC_GROUPS_CLAIM ?? 'groups',
    }
  }
  for (const name of NEEDS_ISSUER)
    if (isSet(name)) problems.push(`${name}: has no effect without OIDC_ISSUER; set that too, or remove this`)
  if (production)
    problems.push('OIDC_ISSUER: required in production, where the demo identity provider does not start')
  return { kind: 'demo', password: values.DEMO_PASSWORD, port: values.DEMO_PROVIDER_PORT ?? 0 }
}

const NEEDS_ISSUER = [
  'OIDC_CLIENT_ID',
  'OIDC_CLIENT_SECRET',
  'OIDC_SCOPES',
  'OIDC_EMAIL_CLAIM',
  'OIDC_EMAIL_VERIFICATION',
  'OIDC_GROUPS_CLAIM',
] as const satisfies readonly SettingName[]

const ANTHROPIC_URL = 'https://api.anthropic.com'
const OPENAI_URL = 'https://api.openai.com'

function readUpstreams(
  values: Values,
  isSet: IsSet,
  production: boolean,
  problems: string[],
  warnings: string[],
): UpstreamSettings {
  const { UPSTREAM_API_KEY: apiKey, ANTHROPIC_API_KEY: anthropicKey, OPENAI_API_KEY: openaiKey } = values
  const vendorKeys = (['ANTHROPIC_API_KEY', 'OPENAI_API_KEY'] as const).filter(isSet)
  if (isSet('UPSTREAM_URL')) {
    const url = values.UPSTREAM_URL ?? ''
    warnings.push(...doubtsAboutUpstream(url, isSet('UPSTREAM_API_KEY'), vendorKeys))
    return {
      kind: 'single',
      anthropic: { url, apiKey: apiKey ?? anthropicKey },
      openai: { url, apiKey: apiKey ?? openaiKey },
    }
  }
  if (isSet('UPSTREAM_API_KEY'))
    problems.push('UPSTREAM_API_KEY: has no effect without UPSTREAM_URL; set that too, or remove this')
  if (vendorKeys.length > 0)
    return {
      kind: 'vendors',
      anthropic: anthropicKey === undefined ? undefined : { url: ANTHROPIC_URL, apiKey: anthropicKey },
      openai: openaiKey === undefined ? undefined : { url: OPENAI_URL, apiKey: openaiKey },
    }
  if (production)
    problems.push(
      'UPSTREAM_URL: required in production, where the demo upstream does not start; or set ANTHROPIC_API_KEY or OPENAI_API_KEY',
    )
  return { kind: 'demo' }
}

function doubtsAboutUpstream(url: string, hasOwnKey: boolean, vendorKeys: readonly string[]): string[] {
  const doubts: string[] = []
  const names = vendorKeys.join(' and ')
  if (vendorKeys.length > 0 && hasOwnKey)
    doubts.push(`${names} not used: UPSTREAM_API_KEY is sent to UPSTREAM_URL`)
  else if (vendorKeys.length > 0)
    doubts.push(`${names} will be sent to UPSTREAM_URL; set UPSTREAM_API_KEY to send that instead`)
  if (/\/v1\/*$/.test(url))
    doubts.push('UPSTREAM_URL ends in /v1: requests will go to /v1/v1/…; leave it out')
  return doubts
}

function readSigning(values: Values, isSet: IsSet, production: boolean, problems: string[]): SigningSettings {
  if (isSet('JWT_KEY_FILE') || isSet('JWT_SECRET'))
    return { kind: 'given', paths: values.JWT_KEY_FILE ?? [], secrets: values.JWT_SECRET ?? [] }
  if (production)
    problems.push(
      'JWT_SECRET: required in production, or JWT_KEY_FILE; `openssl rand -hex 32` makes a secret',
    )
  return { kind: 'generated' }
}

function requireHttps(
  name: SettingName,
  url: string | undefined,
  production: boolean,
  problems: string[],
): void {
  if (production && isPlainHttp(url)) problems.push(`${name}: give an https URL in production`)
}

/** Across a network, that is. */
function isPlainHttp(url: string | undefined): boolean {
  if (url === undefined) return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !isLoopback(hostname)
}

function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(host)
}

function findMisspelled(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(env).flatMap((name) => {
    const meant = name in FIELDS ? undefined : suggestName(name, NAMES)
    return meant === undefined ? [] : [`${name} is not a setting; did you mean ${meant}?`]
  })
}
