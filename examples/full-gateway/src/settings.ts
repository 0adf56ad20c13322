import path from 'node:path'
import {
  type AuthRequestOptions,
  type ClientAddressOptions,
  PortcullisError,
  type RateLimits,
} from '@portcullis/core'
import type { Framework } from './frameworks.js'
import { type CredentialSettings, readCredentials } from './settings/credentials.js'
import { FIELDS, type LogLevel, type SettingName } from './settings/fields.js'
import { type ForwardingSettings, readForwarding } from './settings/forwarding.js'
import { type IdentitySettings, readIdentity } from './settings/identity.js'
import { suggestName } from './settings/spelling.js'
import { readStore, type StoreSettings } from './settings/store.js'
import { readUpstreams, type UpstreamSettings } from './settings/upstreams.js'
import { NAMES, readValues, type Values } from './settings/values.js'

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

/**
 * Reads the settings of the gateway from environment variables; `.env.example` describes each. An empty variable counts
 * as unset. Throws `PortcullisError` `configuration_invalid` whose `problems` names every one of them and what to do
 * about it; neither problems nor warnings quote a secret.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = []
  const warnings: string[] = []
  const isSet = (name: SettingName) => Boolean(env[name]?.trim())
  const values = readValues(env, problems)
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
  if (!production && !values.INSECURE_PUBLIC_URL && isPlainHttp(values.PUBLIC_URL))
    problems.push(
      'PUBLIC_URL: give an https URL, or INSECURE_PUBLIC_URL=1 where anybody on the way may read sessions and tokens',
    )
  requireHttps('OIDC_ISSUER', values.OIDC_ISSUER, production, problems)

  const { PORT: port, WORKERS: workers, DATA_DIR: dataDir } = values
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
    insecurePublicUrl: values.INSECURE_PUBLIC_URL,
    framework: values.FRAMEWORK,
    logLevel: values.LOG_LEVEL,
    dataDir,
    witnessDir: values.WITNESS_DIR ?? path.join(dataDir, 'witness'),
    store,
    storeWaitSeconds: values.STORE_WAIT_SECONDS,
    workers,
    clientAddress: values.TRUST_PROXY,
    rateLimits: values.RATE_LIMITS,
    strict: values.STRICT,
    onDataLoss: values.ON_DATA_LOSS,
    auditRetentionDays: values.AUDIT_RETENTION_DAYS,
    maxCredentialsPerAccount: values.MAX_CREDENTIALS_PER_ACCOUNT,
    credentials,
    identity,
    upstreams,
    forwarding,
    superAdmins: superAdmin === undefined ? [] : [superAdmin],
    admins: values.ADMIN_EMAILS,
    roleByGroup: values.ROLE_BY_GROUP,
    authRequest: {
      ...(values.AUTH_REQUEST_PROXY === undefined ? {} : { proxy: values.AUTH_REQUEST_PROXY }),
      unauthenticated: values.AUTH_REQUEST_UNAUTHENTICATED,
    },
    signing,
    sessionSecrets: values.SESSION_SECRET,
    warnings,
  }
}

function readSigning(
  values: Values,
  isSet: (name: SettingName) => boolean,
  production: boolean,
  problems: string[],
): SigningSettings {
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
