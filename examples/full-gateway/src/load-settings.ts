import {
  checkGateOptions,
  checkSigningKeys,
  externalTokens,
  masterKey,
  type OAuthClient,
  oauth,
  PortcullisError,
  type SigningKeyOptions,
  scim,
  type TrustedIssuerOptions,
} from '@portcullis/core'
import { checkForwardOptions } from '@portcullis/core/proxy'
import { readClientsFile, readIssuersFile } from './credentials.js'
import { directoryProblem } from './data-dir.js'
import { FIELDS, type SettingName, type SettingValue } from './settings/fields.js'
import { readSettings, type Settings } from './settings.js'
import { readSigningKey } from './signing.js'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The settings, once everything that they name has been looked at: key files, lists of issuers and clients, the data
 * directory. Throws `PortcullisError` `configuration_invalid` whose `problems` names all that is wrong, with the variables and
 * with the files alike.
 */
export async function loadSettings(env: Environment): Promise<Settings> {
  const problems: string[] = []
  const settings = await collect(problems, async () => readSettings(env))
  await collectFileProblems(env, problems)
  await collectDirectoryProblems(env, problems)
  if (settings && problems.length === 0) return withUsableWitness(settings)
  throw new PortcullisError('configuration_invalid', `The gateway cannot start: ${problems.join('; ')}`, {
    problems,
  })
}

const WITHOUT_WITNESS =
  'DATA_DIR cannot be written, so nothing remembers what Redis must still have: data that it loses while no gateway runs goes unnoticed; set WITNESS_DIR to a directory that can'

/** A container whose file system is read-only may still stand in front of a Redis. One that was asked for was looked at. */
async function withUsableWitness(settings: Settings): Promise<Settings> {
  const { witnessDir, store, warnings } = settings
  if (store.kind === 'embedded' || witnessDir === undefined) return settings
  if ((await directoryProblem('WITNESS_DIR', witnessDir)) === undefined) return settings
  return { ...settings, witnessDir: undefined, warnings: [...warnings, WITHOUT_WITNESS] }
}

/** Also with settings that are wrong elsewhere, so that one start tells of everything. */
async function collectFileProblems(env: Environment, problems: string[]): Promise<void> {
  const fileKeys = await collectKeys(env, problems)
  const issuersFile = settingIn(env, 'TRUSTED_ISSUERS_FILE')
  const clientsFile = settingIn(env, 'OAUTH_CLIENTS_FILE')
  const trustedIssuers = await collect(problems, () => readIssuersFile(issuersFile))
  const clients = await collect(problems, () => readClientsFile(clientsFile))
  problems.push(...whatTheGateRefuses(env, { trustedIssuers, clients, fileKeys }))
  problems.push(...whatTheForwarderRefuses(env))
  problems.push(...sharedWithProvider(env, clients))
}

/** The provider knows the secret of its client, and with it whatever else goes by that secret. The gate never sees it. */
function sharedWithProvider(env: Environment, clients: readonly OAuthClient[] = []): string[] {
  const secret = settingIn(env, 'OIDC_CLIENT_SECRET')
  const others: readonly [SettingName, readonly unknown[]][] = [
    ['SESSION_SECRET', settingIn(env, 'SESSION_SECRET') ?? []],
    ['JWT_SECRET', settingIn(env, 'JWT_SECRET') ?? []],
    ['SCIM_SECRET', settingIn(env, 'SCIM_SECRET') ?? []],
    ['MASTER_KEY', [settingIn(env, 'MASTER_KEY')]],
    ['OAUTH_CLIENTS_FILE', clients.flatMap((client) => client.secret ?? [])],
  ]
  return others
    .filter(([, secrets]) => secret !== undefined && secrets.includes(secret))
    .map(([name]) => `OIDC_CLIENT_SECRET: the same secret as ${name}; make one for each purpose`)
}

/** The keys of the files that hold any; what the gate would refuse of one is said of its file. */
async function collectKeys(env: Environment, problems: string[]): Promise<readonly SigningKeyOptions[]> {
  const keys: SigningKeyOptions[] = []
  for (const path of settingIn(env, 'JWT_KEY_FILE') ?? []) {
    const key = await collect(problems, () => readSigningKey(path))
    if (key === undefined) continue
    keys.push(key)
    for (const problem of await checkSigningKeys([key]))
      problems.push(`JWT_KEY_FILE: ${path}: ${problem.replace(/^keys\[0\]: /, '')}`)
  }
  return keys
}

const FORWARDING = {
  identityHeaders: 'IDENTITY_HEADERS',
  allowRequestHeaders: 'ALLOW_REQUEST_HEADERS',
  upstreamPages: 'UPSTREAM_PAGES',
} as const satisfies Readonly<Record<string, SettingName>>

/** How the settings depend on each other is said where they are read. */
function whatTheForwarderRefuses(env: Environment): string[] {
  const given = Object.entries(FORWARDING).map(([option, name]) => [option, settingIn(env, name)] as const)
  const problems = checkForwardOptions(Object.fromEntries(given.filter(([, value]) => value !== undefined)))
  const settings: Readonly<Record<string, SettingName>> = FORWARDING
  return problems.map((problem) => {
    const [option = '', ...rest] = problem.split(': ')
    return settings[option] === undefined ? `settings: ${problem}` : [settings[option], ...rest].join(': ')
  })
}

/** The options that the gate alone can judge, and the settings that they come from. */
const SETTING_OF: Readonly<Record<string, SettingName>> = {
  externalTokens: 'TRUSTED_ISSUERS_FILE',
  oauth: 'OAUTH_CLIENTS_FILE',
  clientAddress: 'TRUST_PROXY',
  rateLimits: 'RATE_LIMITS',
  allowedEmailDomains: 'ALLOWED_EMAIL_DOMAINS',
  secret: 'SESSION_SECRET',
  masterKey: 'MASTER_KEY',
  scim: 'SCIM_SECRET',
  publicUrl: 'PUBLIC_URL',
}

/** Before the store is waited for, which the gate itself comes after. */
function whatTheGateRefuses(
  env: Environment,
  {
    fileKeys,
    trustedIssuers = [],
    clients = [],
  }: {
    readonly fileKeys: readonly SigningKeyOptions[]
    readonly trustedIssuers: readonly TrustedIssuerOptions[] | undefined
    readonly clients: readonly OAuthClient[] | undefined
  },
): string[] {
  const secretKeys = settingIn(env, 'JWT_SECRET')?.map((secret) => ({ algorithm: 'HS256' as const, secret }))
  const keys = [...fileKeys, ...(secretKeys ?? [])]
  const keySettings = [
    ...(fileKeys.length > 0 ? ['JWT_KEY_FILE'] : []),
    ...(secretKeys ? ['JWT_SECRET'] : []),
  ]
  const key = settingIn(env, 'MASTER_KEY')
  const scimSecrets = settingIn(env, 'SCIM_SECRET')
  const given = {
    clientAddress: settingIn(env, 'TRUST_PROXY'),
    rateLimits: settingIn(env, 'RATE_LIMITS'),
    allowedEmailDomains: settingIn(env, 'ALLOWED_EMAIL_DOMAINS'),
    secret: settingIn(env, 'SESSION_SECRET'),
    keys: keys.length > 0 ? keys : undefined,
    plugins: [
      ...(key === undefined ? [] : [masterKey({ key })]),
      ...(trustedIssuers.length === 0 ? [] : [externalTokens(trustedIssuers)]),
      ...(scimSecrets === undefined ? [] : [scim({ secret: scimSecrets })]),
      oauth({ clients }),
    ],
  }
  const isGiven = ([, value]: [string, unknown]) => value !== undefined
  const problems = checkGateOptions(Object.fromEntries(Object.entries(given).filter(isGiven)))
  return problems.map((problem) => inSettings(problem, keySettings.join(', ')))
}

/** A problem of the gate's options, with the setting that the option comes from before it. */
function inSettings(problem: string, keySettings = 'JWT_SECRET'): string {
  const option = /^\w+/.exec(problem)?.[0] ?? ''
  const setting = option === 'keys' ? keySettings : (SETTING_OF[option] ?? 'settings')
  return `${setting}: ${problem}`
}

/** What the gate found wrong only once it saw its store, in the words of the settings. */
export function nameSettings(cause: unknown): unknown {
  if (!(cause instanceof PortcullisError) || cause.code !== 'configuration_invalid') return cause
  const problems = cause.problems.map((problem) => inSettings(problem))
  return new PortcullisError('configuration_invalid', `The gateway cannot start: ${problems.join('; ')}`, {
    cause,
    problems,
  })
}

/** Undefined where nothing is set, or what is wrong and was named already. */
function settingIn<Name extends SettingName>(env: Environment, name: Name): SettingValue<Name> | undefined {
  const text = env[name]?.trim()
  const result = text ? FIELDS[name].safeParse(text) : undefined
  return result?.success ? (result.data as SettingValue<Name>) : undefined
}

const REDIS_PLACES = ['REDIS_URL', 'REDIS_CLUSTER', 'REDIS_SENTINELS'] as const

async function collectDirectoryProblems(env: Environment, problems: string[]): Promise<void> {
  const witnessDir = settingIn(env, 'WITNESS_DIR')
  const found = await Promise.all([
    needsDataDir(env) ? directoryProblem('DATA_DIR', settingIn(env, 'DATA_DIR') ?? '.data') : undefined,
    witnessDir === undefined ? undefined : directoryProblem('WITNESS_DIR', witnessDir),
  ])
  problems.push(...found.filter((problem) => problem !== undefined))
}

/**
 * Whether anything is kept there: records, or a secret that nobody has set and that production does not ask for. By what is
 * set, however wrong, since what is not yet right will be.
 */
function needsDataDir(env: Environment): boolean {
  const isSet = (name: SettingName) => Boolean(env[name]?.trim())
  if (isSet('DATA_DIR') && settingIn(env, 'DATA_DIR') === undefined) return false
  // A Redis that is none decides nothing: a directory that was asked for is looked at with the rest.
  const isRedisWrong = REDIS_PLACES.some((name) => isSet(name) && settingIn(env, name) === undefined)
  if (isRedisWrong && isSet('DATA_DIR')) return true
  if (!REDIS_PLACES.some(isSet)) return true
  if (env.NODE_ENV?.trim() === 'production') return false
  const isSigningGiven = isSet('JWT_SECRET') || isSet('JWT_KEY_FILE')
  return !isSigningGiven || !isSet('SESSION_SECRET') || !isSet('OIDC_ISSUER')
}

async function collect<T>(problems: string[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    problems.push(...error.problems)
    return undefined
  }
}
