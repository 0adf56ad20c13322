import { canonicalEmail } from './account.js'
import { PortcullisError } from './errors.js'
import type { ProblemRenderer } from './problem.js'
import type { IdentityProvider } from './provider.js'
import { secretProblem } from './secrets.js'
import type { Clock, Store } from './store/store.js'
import type { SigningKeyOptions } from './tokens/keys.js'

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
  readonly cause?: unknown
}

export interface GateOptions {
  readonly store: Store
  /** The origin that browsers see, such as `https://gate.example.com`. Never taken from a request. */
  readonly publicUrl: string
  /**
   * At least 32 bytes each. The first encrypts sessions, all decrypt. Partition names and the audit chain are keyed
   * by the last, so rotate by adding in front.
   */
  readonly secret: string | readonly string[]
  /** Keys of the tokens: the first signs, all verify. */
  readonly keys: readonly SigningKeyOptions[]
  /** Logs people in. Without one the gate accepts tokens only. */
  readonly identityProvider?: IdentityProvider
  readonly superAdmins?: readonly string[]
  readonly admins?: readonly string[]
  /** `iss` of the tokens. Default: `publicUrl`. */
  readonly issuer?: string
  /** `aud` of the tokens. Default: `publicUrl`. */
  readonly audience?: string
  /** What tokens may be allowed to do, beside the built-in `api`, `tokens:write` and `admin`; scope → description. */
  readonly scopes?: Readonly<Record<string, string>>
  /** Scope that a token needs beyond the gate's own routes. Default `api`. */
  readonly requiredScope?: string
  readonly tokens?: Partial<TokenLimits>
  readonly sessions?: Partial<SessionLimits>
  /** Past this a store call counts as failed. 10 to 10000, default 250. */
  readonly storeDeadlineMs?: number
  /** Proofs of token signatures kept in memory. Default 10000. */
  readonly proofCacheSize?: number
  /**
   * Accounts whose standing is kept in memory while a store that can watch vouches for it. Default 20000.
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
  readonly pages?: readonly Pages[]
  /** Shapes errors for paths that have a convention of their own; the first answer wins. */
  readonly problems?: readonly ProblemRenderer[]
  readonly onEvent?: (event: GateEvent) => void
  /** Default `Date.now`. */
  readonly clock?: Clock
}

export interface TokenLimits {
  /** Default 2592000 (30 days). */
  readonly defaultLifetimeSeconds: number
  /** Default 60. */
  readonly minLifetimeSeconds: number
  /** Default 7776000 (90 days). */
  readonly maxLifetimeSeconds: number
  /** How long expired and revoked tokens stay listed. Default 604800 (7 days). */
  readonly keepEndedSeconds: number
}

export interface SessionLimits {
  /** A session unused for this long is over. Default 86400 (1 day). */
  readonly idleSeconds: number
  /** A session older than this is over, however busy. Default 604800 (7 days). */
  readonly absoluteSeconds: number
  /** Last use and idle limit are written at most this often. Default 60. */
  readonly extendEverySeconds: number
}

const TOKEN_DEFAULTS: TokenLimits = {
  defaultLifetimeSeconds: 30 * 86_400,
  minLifetimeSeconds: 60,
  maxLifetimeSeconds: 90 * 86_400,
  keepEndedSeconds: 7 * 86_400,
}

const SESSION_DEFAULTS: SessionLimits = {
  idleSeconds: 86_400,
  absoluteSeconds: 7 * 86_400,
  extendEverySeconds: 60,
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
  readonly superAdmins: ReadonlySet<string>
  readonly admins: ReadonlySet<string>
  readonly issuer: string
  readonly audience: string
  readonly scopes: Readonly<Record<string, string>>
  readonly requiredScope: string
  readonly tokens: TokenLimits
  readonly sessions: SessionLimits
  readonly storeDeadlineMs: number
  readonly proofCacheSize: number
  readonly nearCacheSize: number
  readonly onDataLoss: 'refuse' | 'accept'
  readonly onStoreDegraded: 'report' | 'refuse'
  readonly pages: readonly Pages[]
  readonly problems: readonly ProblemRenderer[]
  readonly onEvent: (event: GateEvent) => void
  readonly clock: Clock
}

/**
 * Options with every default filled in, frozen. Throws `PortcullisError` `configuration_invalid` that lists every
 * problem at once; values of secrets are never quoted.
 */
export function resolveOptions(options: GateOptions): ResolvedOptions {
  const problems: string[] = []
  const secrets = typeof options.secret === 'string' ? [options.secret] : [...(options.secret ?? [])]
  const [first, ...rest] = secrets
  if (first === undefined) problems.push('secret: give at least one, of 32 bytes or more')
  for (const secret of secrets) {
    const problem = secretProblem(secret)
    if (problem) problems.push(`secret: ${problem}`)
  }
  const origin = readOrigin(options.publicUrl, problems)
  const tokens = { ...TOKEN_DEFAULTS, ...options.tokens }
  const sessions = { ...SESSION_DEFAULTS, ...options.sessions }
  const scopes = { ...BUILT_IN_SCOPES, ...options.scopes }
  const requiredScope = options.requiredScope ?? 'api'
  const storeDeadlineMs = options.storeDeadlineMs ?? 250
  const proofCacheSize = options.proofCacheSize ?? 10_000
  const nearCacheSize = options.nearCacheSize ?? 20_000
  for (const [name, value] of Object.entries({
    ...prefixed('tokens', tokens),
    ...prefixed('sessions', sessions),
  }))
    requireWithin(name, value, 1, 400 * 86_400, problems)
  requireWithin('storeDeadlineMs', storeDeadlineMs, 10, 10_000, problems)
  requireWithin('proofCacheSize', proofCacheSize, 1, 1_000_000, problems)
  requireWithin('nearCacheSize', nearCacheSize, 1, 1_000_000, problems)
  if (tokens.minLifetimeSeconds > tokens.defaultLifetimeSeconds)
    problems.push('tokens: minLifetimeSeconds is above defaultLifetimeSeconds')
  if (tokens.defaultLifetimeSeconds > tokens.maxLifetimeSeconds)
    problems.push('tokens: defaultLifetimeSeconds is above maxLifetimeSeconds')
  for (const scope of Object.keys(scopes))
    if (!SCOPE_TOKEN.test(scope))
      problems.push(`scopes: ${JSON.stringify(scope)} is not a scope (RFC 6749 §3.3)`)
  if (!(requiredScope in scopes)) problems.push('requiredScope: not one of the scopes')
  const superAdmins = readEmails('superAdmins', options.superAdmins, problems)
  const admins = readEmails('admins', options.admins, problems)
  if (!options.store) problems.push('store: required')
  requireOneOf('onDataLoss', options.onDataLoss, ['refuse', 'accept'], problems)
  requireOneOf('onStoreDegraded', options.onStoreDegraded, ['report', 'refuse'], problems)
  if (first === undefined || origin === undefined || problems.length > 0)
    throw new PortcullisError('configuration_invalid', `The gate cannot start: ${problems.join('; ')}`, {
      problems,
    })

  return Object.freeze({
    store: options.store,
    publicUrl: origin.origin,
    secure: origin.protocol === 'https:',
    secrets: [first, ...rest] as const,
    keys: options.keys,
    identityProvider: options.identityProvider,
    superAdmins,
    admins,
    issuer: options.issuer ?? origin.origin,
    audience: options.audience ?? origin.origin,
    scopes: Object.freeze(scopes),
    requiredScope,
    tokens: Object.freeze(tokens),
    sessions: Object.freeze(sessions),
    storeDeadlineMs,
    proofCacheSize,
    nearCacheSize,
    onDataLoss: options.onDataLoss ?? 'refuse',
    onStoreDegraded: options.onStoreDegraded ?? 'report',
    pages: options.pages ?? [],
    problems: options.problems ?? [],
    onEvent: options.onEvent ?? (() => {}),
    clock: options.clock ?? Date.now,
  })
}

const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

function readOrigin(text: string, problems: string[]): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isOrigin =
    url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash && !url.username
  if (!isOrigin) problems.push('publicUrl: give an origin such as https://gate.example.com, without a path')
  return isOrigin ? url : undefined
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

function prefixed(prefix: string, values: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value as number]),
  )
}

function requireOneOf(
  name: string,
  value: string | undefined,
  choices: readonly string[],
  problems: string[],
): void {
  if (value !== undefined && !choices.includes(value)) problems.push(`${name}: give ${choices.join(' or ')}`)
}

function requireWithin(name: string, value: number, least: number, most: number, problems: string[]): void {
  if (!Number.isInteger(value) || value < least || value > most)
    problems.push(`${name}: give an integer from ${least} to ${most}`)
}
