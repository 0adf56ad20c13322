import { canonicalEmail } from '../accounts/account-id.js'
import { resolveAuthRequest } from '../auth-request/options.js'
import { resolveRoleByGroup } from '../authorization/role-by-group.js'
import { readDuration, requireWithin, resolveSessionLimits, resolveTokenLimits } from '../context/limits.js'
import type { ResolvedOptions } from '../context/options.js'
import { isSecret, readSecrets, type SecretUse, secretProblem, sharedSecrets } from '../crypto/secrets.js'
import { isConfidential } from '../encoding/loopback.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { resolveTrustedIssuers } from '../external-tokens/resolve.js'
import { checkMembers } from '../input/check.js'
import { resolveEmailDomains } from '../login/email-domain.js'
import { resolveClients } from '../oauth/clients.js'
import type { Plugin } from '../plugin/plugin.js'
import { resolveRateLimits } from '../rate-limit/limits.js'
import { resolveClientAddress } from '../request/client-address.js'
import { checkPlugins } from './check-plugins.js'
import { readClock } from './clock.js'
import type { GateOptions } from './gate-options.js'
import { isolatePages, isolateProvider, isolateRenderer, isolateUsage, quietly } from './isolate-hooks.js'
import { GATE_OPTIONS } from './option-table.js'

const BUILT_IN_SCOPES = {
  api: 'Call the API behind the gate',
  'tokens:write': 'Mint, list and revoke tokens of the same account',
  admin: 'Administer, when the account is an administrator',
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
  const plugins = options.plugins ?? []
  const coreScopes = { ...BUILT_IN_SCOPES, ...options.scopes }
  const scopes = { ...merged(plugins, 'scopes'), ...coreScopes }
  const requiredScope = options.requiredScope ?? 'api'
  const clientAddress = options.clientAddress && resolveClientAddress(options.clientAddress, problems)
  const rateLimits = resolveRateLimits(options.rateLimits, problems)
  // Only what is not given has a default: null is a mistake like any other value that is no number.
  const {
    bodyDeadlineMs = 10_000,
    storeDeadlineMs = 250,
    auditRetentionDays = 400,
    maxCredentialsPerAccount = 10_000,
    proofCacheSize = 10_000,
    nearCacheSize = 40_000,
  } = options
  requireWithin('bodyDeadlineMs', bodyDeadlineMs, 100, 600_000, problems)
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
  checkPlugins(
    plugins,
    { scopes: Object.keys(coreScopes) },
    {
      ...(origin && { publicUrl: origin.origin }),
      ...(options.identityProvider && { identityProvider: options.identityProvider }),
      scopes: Object.keys(scopes),
      plugins: plugins.map(({ name }) => name),
    },
    problems,
  )
  problems.push(...sharedSecrets(usesOfSecrets(options)))
  const clock = readClock(options.clock, problems)
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
    identityProvider: options.identityProvider && isolateProvider(options.identityProvider),
    allowedEmailDomains,
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
    pages: (options.pages ?? []).map((pages) => isolatePages(pages)),
    usageInstructions: isolateUsage(options.usageInstructions, origin.origin, onEvent),
    problems: (options.problems ?? []).map((render) => isolateRenderer(render, onEvent)),
    onEvent,
    clock,
    denials: Object.freeze(merged(plugins, 'denials')),
    auditActions: Object.freeze(merged(plugins, 'auditActions')),
  })
}

type Declared = 'scopes' | 'denials' | 'auditActions' | 'secrets'

/** What all plugins declare of one kind. */
function merged<Kind extends Declared>(plugins: readonly Plugin[], kind: Kind): NonNullable<Plugin[Kind]> {
  return Object.assign({}, ...plugins.map((plugin) => plugin[kind] ?? {}))
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
  else if (!isPrivateOrigin(url) && !insecurePublicUrl)
    problems.push(
      'publicUrl: give an https origin, or http on loopback; over plain http, which insecurePublicUrl allows, anybody on the way reads every session and token',
    )
  return isOrigin ? url : undefined
}

/** Over https, or not over a network at all: browsers keep every name under localhost to themselves (RFC 6761 §6.3). */
function isPrivateOrigin(url: URL): boolean {
  return isConfidential(url) || url.hostname.endsWith('.localhost')
}

function usesOfSecrets({
  secret,
  masterKey,
  keys,
  oauthClients,
  plugins = [],
}: GateOptions): readonly SecretUse[] {
  const keySecrets = keys?.flatMap((key) => ('secret' in key ? [key.secret] : []))
  const clientSecrets = oauthClients?.flatMap((client) => client.secret ?? [])
  const uses = {
    secret,
    masterKey,
    keys: keySecrets,
    oauthClients: clientSecrets,
    ...merged(plugins, 'secrets'),
  }
  // Of another kind they are named where each is read.
  return Object.entries(uses).flatMap(([name, secrets]) =>
    [secrets ?? []]
      .flat()
      .filter((value) => isSecret(value))
      .map((value) => ({ name, secret: value })),
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
