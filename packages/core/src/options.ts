import { canonicalEmail } from './account.js'
import {
  type AuthRequestOptions,
  type ResolvedAuthRequest,
  resolveAuthRequest,
} from './auth-request/options.js'
import { type GroupRole, resolveRoleByGroup } from './authorization/role-by-group.js'
import { PortcullisError } from './errors.js'
import { isolatePages, isolateRenderer, quietly } from './gate/isolate-hooks.js'
import { GATE_OPTIONS } from './gate/option-table.js'
import { checkMembers } from './input/check.js'
import {
  type Duration,
  readDuration,
  requireWithin,
  resolveSessionLimits,
  resolveTokenLimits,
  type SessionLimits,
  type TokenLimits,
} from './limits.js'
import { resolveEmailDomains } from './login/email-domain.js'
import { type OAuthClient, resolveClients } from './oauth/clients.js'
import type { ProblemRenderer } from './problem.js'
import type { IdentityProvider } from './provider.js'
import { type RateLimits, resolveRateLimits } from './rate-limit/limits.js'
import {
  type ClientAddress,
  type ClientAddressOptions,
  resolveClientAddress,
} from './request/client-address.js'
import { type ResolvedScim, resolveScim, type ScimOptions } from './scim/options.js'
import { readSecrets, type SecretUse, secretProblem, sharedSecrets } from './secrets.js'
import type { Clock, Store } from './store/store.js'
import type { SigningKeyOptions } from './tokens/keys.js'
import { mayBeFetched } from './trusted-issuers/issuer-url.js'
import {
  type ResolvedTrustedIssuer,
  resolveTrustedIssuers,
  type TrustedIssuerOptions,
} from './trusted-issuers/trusted-issuers.js'

/** Pages that the gate serves to logged-in browsers; `dashboard()` of `@portcullis/dashboard` is one. */
export interface Pages {
  owns(path: string): boolean
  /** True for files that anyone may fetch: scripts and styles, never data. */
  isPublic(path: string): boolean
  handle(request: Request): Promise<Response>
}

/** One line for the log: a fixed `code`, and internal detail that never reaches a response. */
export interface GateEvent {
  readonly level: 'info' | 'warn' | 'error'
  readonly code: string
  readonly detail: string
  /** How many events this line stands for; absent for one. */
  readonly count?: number
  /** Options that an operator would look at, by name. */
  readonly options?: readonly string[]
  readonly cause?: unknown
}

export interface GateOptions {
  readonly store: Store
  /** The origin that browsers see, such as `https://gate.example.com`. Never taken from a request. */
  readonly publicUrl: string
  /**
   * Lets `publicUrl` be plain http on another host than this one. Cookies and tokens then cross the network readably.
   * Default false.
   */
  readonly insecurePublicUrl?: boolean
  /**
   * At least 32 bytes each, used for nothing else. The first encrypts, all decrypt. To rotate, add the new one in front; the old one can go once
   * every process has started with the new one and sessions from before are over (`sessions.absoluteSeconds`).
   */
  readonly secret: string | readonly string[]
  /** Keys of the tokens: the first signs, all verify. */
  readonly keys: readonly SigningKeyOptions[]
  /** Logs people in. Without one the gate accepts tokens only. */
  readonly identityProvider?: IdentityProvider
  /**
   * Who may log in: e-mail addresses of exactly these domains, subdomains not included. Default: any that the provider
   * has verified.
   */
  readonly allowedEmailDomains?: readonly string[]
  /**
   * What a back-channel logout of a whole subject ends: `everything` (default), or `sessions` and refresh tokens while
   * tokens and API keys go on.
   */
  readonly backChannelLogoutEnds?: 'everything' | 'sessions'
  /** Lets a directory create and deactivate users at `/scim/v2` (RFC 7644). Off by default. */
  readonly scim?: ScimOptions
  readonly superAdmins?: readonly string[]
  readonly admins?: readonly string[]
  /**
   * Group of the identity provider → role, for accounts that `superAdmins` and `admins` do not name; of several the most
   * powerful counts. Holds for sessions, by the groups at their login. Tokens and API keys carry no groups: they get no
   * right from one, and only read while the account’s last login made it a `viewer`. Default: groups give no role.
   */
  readonly roleByGroup?: Readonly<Record<string, GroupRole>>
  /** `iss` of the tokens. Default: `publicUrl`, which is where OAuth clients expect it to be (RFC 8414 §3.3). */
  readonly issuer?: string
  /** `aud` of the tokens. Default: `publicUrl`. */
  readonly audience?: string
  /** What tokens may be allowed to do, beside the built-in `api`, `tokens:write` and `admin`; scope → description. */
  readonly scopes?: Readonly<Record<string, string>>
  /** Scope that a token needs beyond the gate's own routes. Default `api`. */
  readonly requiredScope?: string
  readonly tokens?: Partial<TokenLimits>
  readonly sessions?: Partial<SessionLimits>
  /**
   * A key for operators and automation, of at least 32 bytes; only its hash stays in memory. Off by default. It acts as
   * a super admin, is audited as `master-key`, and calls nothing behind the gate unless `masterKeyScopes` says so.
   */
  readonly masterKey?: string
  /** `administration` (default), or `everything` behind the gate too. */
  readonly masterKeyScopes?: 'administration' | 'everything'
  /**
   * Tokens and API keys work only for so long after their owner has logged in at the identity provider, such as `24h`.
   * Off by default.
   */
  readonly requireFreshLogin?: Duration
  /**
   * `offer`: a token in the last fifth of its life is answered with `x-portcullis-renew`, the path where it gets a
   * successor. Default `none`.
   */
  readonly tokenRenewal?: 'offer' | 'none'
  /** Issuers whose JWTs are accepted as the gate's own are, for calls to what is behind it. */
  readonly trustedIssuers?: readonly TrustedIssuerOptions[]
  /** OAuth clients beside the built-in public `portcullis-cli`, which an entry with its id changes. */
  readonly oauthClients?: readonly OAuthClient[]
  /**
   * Whose address counts as the client's, in limits, sessions and the audit log. Default: the peer's own. Behind a
   * reverse proxy say which addresses it has, or everybody has the proxy's.
   */
  readonly clientAddress?: ClientAddressOptions
  /** How often a client may do what can be guessed, begun or issued; each limit, or all of them, can be `off`. */
  readonly rateLimits?: Partial<RateLimits> | 'off'
  /**
   * Past this a body that a route of the gate's own waits for is answered with 408 `body_too_slow`. 100 to 600000,
   * default 10000. Bodies that are forwarded keep to the server's own deadline.
   */
  readonly bodyDeadlineMs?: number
  /** Past this a store call counts as failed. 10 to 10000, default 250. */
  readonly storeDeadlineMs?: number
  /**
   * How long entries of the audit log are kept. 1 to 3660 days, default 400. Older ones are cut off every hour; the log
   * stays verifiable.
   */
  readonly auditRetentionDays?: number
  /**
   * How many tokens that work an account may have, those of OAuth clients among them, and how many sessions. 1 to 1000000,
   * default 10000. Beyond it a token is refused with `too_many_tokens`; a login ends the oldest session instead. API keys
   * have a limit of their own, 100.
   */
  readonly maxCredentialsPerAccount?: number
  /** Proofs of token signatures kept in memory. Default 10000. */
  readonly proofCacheSize?: number
  /**
   * Records (standings, sessions, tokens, keys) kept in memory while a store that can watch vouches for them, of 2 KiB
   * on average at most. 1 to 1000000, default 40000.
   */
  readonly nearCacheSize?: number
  /**
   * What to do with credentials from before the store lost records that it had acknowledged, revocations perhaps among
   * them. `refuse` (default) until somebody accepts the loss; `accept` lets those pass that are still there.
   */
  readonly onDataLoss?: 'refuse' | 'accept'
  /**
   * What to do when the store warns that it is not set up to keep what it acknowledges. `report` (default) says so in
   * `/ready` and to `onEvent`; `refuse` neither starts nor says that it is ready.
   */
  readonly onStoreDegraded?: 'report' | 'refuse'
  /** For nginx, Traefik, Caddy and Envoy in front of services that know nothing of the gate. */
  readonly authRequest?: AuthRequestOptions
  readonly pages?: readonly Pages[]
  /** Shapes errors for paths that have a convention of their own; the first answer wins. */
  readonly problems?: readonly ProblemRenderer[]
  readonly onEvent?: (event: GateEvent) => void
  /** Default `Date.now`. */
  readonly clock?: Clock
}

const BUILT_IN_SCOPES = {
  api: 'Call the API behind the gate',
  'tokens:write': 'Mint, list and revoke tokens of the same account',
  admin: 'Administer, when the account is an administrator',
}

export interface ResolvedOptions {
  readonly store: Store
  /** Origin, without a trailing slash. */
  readonly publicUrl: string
  readonly secure: boolean
  readonly secrets: readonly [string, ...string[]]
  readonly keys: readonly SigningKeyOptions[]
  readonly identityProvider: IdentityProvider | undefined
  readonly allowedEmailDomains: ReadonlySet<string> | undefined
  readonly backChannelLogoutEnds: 'everything' | 'sessions'
  readonly scim: ResolvedScim | undefined
  readonly superAdmins: ReadonlySet<string>
  readonly admins: ReadonlySet<string>
  readonly roleByGroup: ReadonlyMap<string, GroupRole>
  readonly issuer: string
  readonly audience: string
  readonly scopes: Readonly<Record<string, string>>
  readonly requiredScope: string
  readonly tokens: TokenLimits
  readonly sessions: SessionLimits
  readonly masterKey: string | undefined
  readonly masterKeyScopes: 'administration' | 'everything'
  readonly requireFreshLoginSeconds: number | undefined
  readonly tokenRenewal: 'offer' | 'none'
  readonly trustedIssuers: readonly ResolvedTrustedIssuer[]
  readonly oauthClients: readonly OAuthClient[]
  /** Undefined: the peer's own. */
  readonly clientAddress: ClientAddress | undefined
  readonly rateLimits: RateLimits
  readonly bodyDeadlineMs: number
  readonly storeDeadlineMs: number
  readonly auditRetentionDays: number
  readonly maxCredentialsPerAccount: number
  readonly proofCacheSize: number
  readonly nearCacheSize: number
  readonly onDataLoss: 'refuse' | 'accept'
  readonly onStoreDegraded: 'report' | 'refuse'
  readonly authRequest: ResolvedAuthRequest
  readonly pages: readonly Pages[]
  readonly problems: readonly ProblemRenderer[]
  readonly onEvent: (event: GateEvent) => void
  readonly clock: Clock
}

/**
 * What is wrong with some of the options of a gate, such as those that were read from a file: every problem that `createGate`
 * would name before it looks into the store. What is not given is no problem here.
 */
export function checkGateOptions(given: Partial<GateOptions>): readonly string[] {
  try {
    resolveOptions(given as GateOptions)
    return []
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    const missing = REQUIRED.filter((name) => given[name] === undefined).map((name) => `${name}: required`)
    return error.problems.filter((problem) => !missing.includes(problem))
  }
}

const REQUIRED = ['store', 'publicUrl', 'secret', 'keys'] as const

/**
 * Options with every default filled in, frozen. Throws `PortcullisError` `configuration_invalid` that lists every
 * problem at once, options that are unknown, of another kind or missing among them; values of secrets are never quoted.
 */
export function resolveOptions(given: GateOptions): ResolvedOptions {
  const problems: string[] = []
  const options = checkMembers(given, GATE_OPTIONS, problems, {
    required: REQUIRED,
  })
  const [first, ...rest] = readSecrets('secret', options.secret, problems)
  if (options.keys?.length === 0) problems.push('keys: give at least one')
  const origin = readOrigin(options, problems)
  const tokens = resolveTokenLimits(options.tokens, problems)
  const sessions = resolveSessionLimits(options.sessions, problems)
  const scopes = { ...BUILT_IN_SCOPES, ...options.scopes }
  const requiredScope = options.requiredScope ?? 'api'
  const clientAddress = options.clientAddress && resolveClientAddress(options.clientAddress, problems)
  const rateLimits = resolveRateLimits(options.rateLimits, problems)
  const bodyDeadlineMs = options.bodyDeadlineMs ?? 10_000
  requireWithin('bodyDeadlineMs', bodyDeadlineMs, 100, 600_000, problems)
  const storeDeadlineMs = options.storeDeadlineMs ?? 250
  const auditRetentionDays = options.auditRetentionDays ?? 400
  const maxCredentialsPerAccount = options.maxCredentialsPerAccount ?? 10_000
  const proofCacheSize = options.proofCacheSize ?? 10_000
  const nearCacheSize = options.nearCacheSize ?? 40_000
  requireWithin('storeDeadlineMs', storeDeadlineMs, 10, 10_000, problems)
  requireWithin('auditRetentionDays', auditRetentionDays, 1, 3660, problems)
  requireWithin('maxCredentialsPerAccount', maxCredentialsPerAccount, 1, 1_000_000, problems)
  requireWithin('proofCacheSize', proofCacheSize, 1, 1_000_000, problems)
  requireWithin('nearCacheSize', nearCacheSize, 1, 1_000_000, problems)
  for (const scope of Object.keys(scopes))
    if (!SCOPE_TOKEN.test(scope))
      problems.push(`scopes: ${JSON.stringify(scope)} is not a scope (RFC 6749 §3.3)`)
  if (!(requiredScope in scopes)) problems.push('requiredScope: not one of the scopes')
  const masterKeyProblem = options.masterKey === undefined ? undefined : secretProblem(options.masterKey)
  if (masterKeyProblem) problems.push(`masterKey: ${masterKeyProblem}`)
  const requireFreshLoginSeconds =
    options.requireFreshLogin === undefined
      ? undefined
      : readDuration('requireFreshLogin', options.requireFreshLogin, problems)
  const trustedIssuers = resolveTrustedIssuers(
    options.trustedIssuers,
    problems,
    options.issuer ?? origin?.origin,
    Object.keys(scopes),
  )
  const oauthClients = resolveClients(options.oauthClients ?? [], Object.keys(scopes), problems)
  const superAdmins = readEmails('superAdmins', options.superAdmins, problems)
  const admins = readEmails('admins', options.admins, problems)
  const roleByGroup = resolveRoleByGroup(options.roleByGroup, problems)
  const allowedEmailDomains = resolveEmailDomains(options.allowedEmailDomains, problems)
  const authRequest = resolveAuthRequest(options.authRequest, problems)
  const scim = resolveScim(options.scim, problems)
  problems.push(...sharedSecrets(usesOfSecrets(options)))
  requireOneOf('backChannelLogoutEnds', options.backChannelLogoutEnds, ['everything', 'sessions'], problems)
  requireOneOf('onDataLoss', options.onDataLoss, ['refuse', 'accept'], problems)
  requireOneOf('tokenRenewal', options.tokenRenewal, ['offer', 'none'], problems)
  requireOneOf('masterKeyScopes', options.masterKeyScopes, ['administration', 'everything'], problems)
  requireOneOf('onStoreDegraded', options.onStoreDegraded, ['report', 'refuse'], problems)
  if (first === undefined || origin === undefined || problems.length > 0)
    throw new PortcullisError('configuration_invalid', `The gate cannot start: ${problems.join('; ')}`, {
      problems,
    })

  const onEvent = quietly(options.onEvent)
  return Object.freeze({
    store: options.store,
    publicUrl: origin.origin,
    secure: origin.protocol === 'https:',
    secrets: [first, ...rest] as const,
    keys: options.keys,
    identityProvider: options.identityProvider,
    allowedEmailDomains,
    backChannelLogoutEnds: options.backChannelLogoutEnds ?? 'everything',
    scim,
    superAdmins,
    admins,
    roleByGroup,
    issuer: options.issuer ?? origin.origin,
    audience: options.audience ?? origin.origin,
    scopes: Object.freeze(scopes),
    requiredScope,
    tokens,
    sessions,
    masterKey: options.masterKey,
    masterKeyScopes: options.masterKeyScopes ?? 'administration',
    requireFreshLoginSeconds,
    tokenRenewal: options.tokenRenewal ?? 'none',
    trustedIssuers,
    oauthClients,
    clientAddress,
    rateLimits,
    bodyDeadlineMs,
    storeDeadlineMs,
    auditRetentionDays,
    maxCredentialsPerAccount,
    proofCacheSize,
    nearCacheSize,
    onDataLoss: options.onDataLoss ?? 'refuse',
    onStoreDegraded: options.onStoreDegraded ?? 'report',
    authRequest,
    pages: (options.pages ?? []).map(isolatePages),
    problems: (options.problems ?? []).map((render) => isolateRenderer(render, onEvent)),
    onEvent,
    clock: options.clock ?? Date.now,
  })
}

const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

function readOrigin(
  { publicUrl, insecurePublicUrl = false }: GateOptions,
  problems: string[],
): URL | undefined {
  // One that is missing was named already.
  if (publicUrl === undefined) return undefined
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined
  const isOrigin =
    url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash && !url.username
  if (!isOrigin) problems.push('publicUrl: give an origin such as https://gate.example.com, without a path')
  else if (!isConfidential(url) && !insecurePublicUrl)
    problems.push(
      'publicUrl: give an https origin, or http on loopback; over plain http, which insecurePublicUrl allows, anybody on the way reads every session and token',
    )
  return isOrigin ? url : undefined
}

/** Over https, or not over a network at all: browsers keep every name under localhost to themselves (RFC 6761 §6.3). */
function isConfidential({ origin, hostname }: URL): boolean {
  return mayBeFetched(origin) || hostname.endsWith('.localhost')
}

function usesOfSecrets({ secret, masterKey, scim, keys, oauthClients }: GateOptions): readonly SecretUse[] {
  const keySecrets = keys?.flatMap((key) => ('secret' in key ? [key.secret] : []))
  const clientSecrets = oauthClients?.flatMap((client) => client.secret ?? [])
  const uses = {
    secret,
    masterKey,
    'scim.secret': scim?.secret,
    keys: keySecrets,
    oauthClients: clientSecrets,
  }
  return Object.entries(uses).flatMap(([name, secrets]) =>
    [secrets ?? []].flat().map((value) => ({ name, secret: value })),
  )
}

function readEmails(name: string, emails: readonly string[] = [], problems: string[]): ReadonlySet<string> {
  const canonical = new Set<string>()
  for (const email of emails) {
    const account = canonicalEmail(email)
    if (account) canonical.add(account)
    else problems.push(`${name}: ${JSON.stringify(email)} is not an e-mail address`)
  }
  return canonical
}

function requireOneOf(
  name: string,
  value: string | undefined,
  choices: readonly string[],
  problems: string[],
): void {
  if (value !== undefined && !choices.includes(value)) problems.push(`${name}: give ${choices.join(' or ')}`)
}
