import { secondsIn } from '../context/limits.js'
import type { ResolvedOptions } from '../context/options.js'
import { isSecret, readSecrets, type SecretUse, sharedSecrets } from '../crypto/secrets.js'
import { isConfidential } from '../encoding/loopback.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { readOptions, requiredOf, type UsedOptions } from '../input/options.js'
import type { Plugin } from '../plugin/plugin.js'
import { checkPlugins } from './check-plugins.js'
import { readClock } from './clock.js'
import { GATE_OPTIONS, type GateOptions } from './gate-options.js'
import { isolatePages, isolateProvider, isolateRenderer, isolateUsage, quietly } from './isolate-hooks.js'

const BUILT_IN_SCOPES = {
  api: 'Call the API behind the gate',
  'tokens:write': 'Issue, list and revoke tokens of the same account',
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
    const missing = requiredOf(GATE_OPTIONS)
      .filter((name) => given[name] === undefined)
      .map((name) => `${name}: required`)
    return error.problems.filter((problem) => !missing.includes(problem))
  }
}

/**
 * Options with every default filled in, frozen. Throws `PortcullisError` `configuration_invalid` that lists every
 * problem at once, options that are unknown, of another kind or missing among them; values of secrets are never quoted.
 */
export function resolveOptions(given: GateOptions): ResolvedOptions {
  const problems: string[] = []
  const options = readOptions(given, GATE_OPTIONS, problems)
  const { secret, insecurePublicUrl, requireFreshLogin, plugins, ...kept } = options
  const { publicUrl, identityProvider } = kept
  const [first, ...rest] = readSecrets('secret', secret, problems)
  if (kept.keys?.length === 0) problems.push('keys: give at least one')
  const origin = readOrigin(publicUrl, insecurePublicUrl, problems)
  const coreScopes = { ...BUILT_IN_SCOPES, ...kept.scopes }
  const scopes = { ...merged(plugins, 'scopes'), ...coreScopes }
  for (const scope of Object.keys(scopes))
    if (!SCOPE_TOKEN.test(scope))
      problems.push(`scopes: ${JSON.stringify(scope)} is not a scope (RFC 6749 §3.3)`)
  if (!(kept.requiredScope in scopes)) problems.push('requiredScope: not one of the scopes')
  const issuer = kept.issuer ?? origin?.origin
  checkPlugins(
    plugins,
    { scopes: Object.keys(coreScopes) },
    {
      ...(origin && { publicUrl: origin.origin }),
      ...(issuer !== undefined && { issuer }),
      ...(identityProvider && { identityProvider }),
      scopes: Object.keys(scopes),
      plugins: plugins.map(({ name }) => name),
    },
    problems,
  )
  problems.push(...sharedSecrets(usesOfSecrets(options)))
  const clock = readClock(kept.clock, problems)
  if (first === undefined || origin === undefined || problems.length > 0)
    throw new PortcullisError('configuration_invalid', `The gate cannot start: ${problems.join('; ')}`, {
      problems,
    })

  const onEvent = quietly(kept.onEvent)
  return Object.freeze({
    ...kept,
    publicUrl: origin.origin,
    secure: origin.protocol === 'https:',
    secrets: [first, ...rest] as const,
    identityProvider: identityProvider && isolateProvider(identityProvider),
    issuer: kept.issuer ?? origin.origin,
    audience: kept.audience ?? origin.origin,
    scopes: Object.freeze(scopes),
    requireFreshLoginSeconds: requireFreshLogin && secondsIn(requireFreshLogin),
    pages: kept.pages.map((pages) => isolatePages(pages)),
    usageInstructions: isolateUsage(kept.usageInstructions, origin.origin, onEvent),
    problems: kept.problems.map((render) => isolateRenderer(render, onEvent)),
    onEvent,
    clock,
    denials: Object.freeze(merged(plugins, 'denials')),
    auditActions: Object.freeze(merged(plugins, 'auditActions')),
    operators: new Set(Object.values(merged(plugins, 'operators'))),
  })
}

type ReadOptions = UsedOptions<typeof GATE_OPTIONS>

type Declared = 'scopes' | 'denials' | 'auditActions' | 'secrets' | 'operators'

/** What all plugins declare of one kind. */
function merged<Kind extends Declared>(plugins: readonly Plugin[], kind: Kind): NonNullable<Plugin[Kind]> {
  return Object.assign({}, ...plugins.map((plugin) => plugin[kind] ?? {}))
}

const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

function readOrigin(
  publicUrl: string | undefined,
  insecurePublicUrl: boolean,
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

function usesOfSecrets({ secret, keys, plugins }: ReadOptions): readonly SecretUse[] {
  const keySecrets = keys?.flatMap((key) => ('secret' in key ? [key.secret] : []))
  const uses = {
    secret,
    keys: keySecrets,
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
