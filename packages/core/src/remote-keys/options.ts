import { integer } from '../input/kinds.js'
import { isJwsAlgorithm, type JwsAlgorithm } from '../jws/algorithms.js'
import type { Millis } from '../store/store.js'
import { mayBeFetched } from './issuer-url.js'

/** Signatures that only the issuer can make: a shared secret would let every audience forge tokens for the others. */
export type ExternalAlgorithm = Exclude<JwsAlgorithm, `HS${string}`>

/** Whose keys, and how they are had. */
export interface KeySource {
  /** `iss`, exactly; https, or http on loopback. */
  readonly issuer: string
  /**
   * Where the keys are. Default: what the issuer says at `/.well-known/openid-configuration`, else at
   * `/.well-known/oauth-authorization-server` (RFC 8414 §3).
   */
  readonly jwksUri?: string
  /** RS, PS or ES with 256, 384 or 512, `EdDSA` or `Ed25519`. Default `['RS256', 'ES256']`. */
  readonly algorithms?: readonly ExternalAlgorithm[]
  /** Keys are fetched again when they are older. 1 to 604800, default 3600. */
  readonly jwksCacheSeconds?: number
  /** Keys go on serving for this long after that while no new ones can be had. 0 to 2592000, default 86400. */
  readonly jwksMaxStaleSeconds?: number
  /** An unknown `kid` makes keys be fetched again at most this often. 1 to 3600, default 30. */
  readonly cooldownSeconds?: number
  /** Finding and fetching the keys is over by then. 100 to 60000, default 5000. */
  readonly timeoutMs?: number
}

export interface RemoteKeysOptions {
  readonly issuer: string
  readonly jwksUri: string | undefined
  readonly algorithms: ReadonlySet<string>
  readonly jwksCacheMs: Millis
  readonly jwksMaxStaleMs: Millis
  readonly cooldownMs: Millis
  readonly timeoutMs: Millis
}

const DEFAULT_ALGORITHMS = ['RS256', 'ES256']

const LIMITS = {
  jwksCacheSeconds: { least: 1, most: 7 * 86_400, default: 3600 },
  jwksMaxStaleSeconds: { least: 0, most: 30 * 86_400, default: 86_400 },
  cooldownSeconds: { least: 1, most: 3600, default: 30 },
  timeoutMs: { least: 100, most: 60_000, default: 5000 },
} as const

/** With every default filled in. Adds what is wrong to `problems`; no value is quoted, since a URL may carry a password. */
export function resolveKeySource(given: KeySource, problems: string[]): RemoteKeysOptions {
  const { issuer, jwksUri } = given
  if (!mayBeFetched(issuer)) problems.push('issuer: give an https URL, or http on loopback')
  else if (/[?#]/.test(issuer)) problems.push('issuer: it has a query or a fragment (RFC 8414 §2)')
  if (jwksUri !== undefined && !mayBeFetched(jwksUri))
    problems.push('jwksUri: give an https URL, or http on loopback')
  const within = (name: keyof typeof LIMITS): number => {
    const { least, most, default: value } = LIMITS[name]
    const { [name]: limit = value } = given
    integer(least, most)(name, limit, problems)
    return limit
  }
  return {
    issuer,
    jwksUri,
    algorithms: resolveAlgorithms(given.algorithms, problems),
    jwksCacheMs: within('jwksCacheSeconds') * 1000,
    jwksMaxStaleMs: within('jwksMaxStaleSeconds') * 1000,
    cooldownMs: within('cooldownSeconds') * 1000,
    timeoutMs: within('timeoutMs'),
  }
}

function resolveAlgorithms(given: unknown = DEFAULT_ALGORITHMS, problems: string[]): ReadonlySet<string> {
  const algorithms: unknown[] = Array.isArray(given) ? given : []
  const areAsymmetric = algorithms.every((name) => isJwsAlgorithm(name) && !name.startsWith('HS'))
  if (algorithms.length === 0 || !areAsymmetric)
    problems.push('algorithms: give RS, PS or ES with 256, 384 or 512, EdDSA or Ed25519')
  return new Set(algorithms as string[])
}
