import { checkMembers } from '../input/check.js'
import { integer } from '../input/kinds.js'

/**
 * For so long whoever presents the same refresh token, code or API key again gets the same successor: the answer may
 * have been lost, or come too late. Longer than a client waits for an answer before it tries again.
 */
export const RETRY_WINDOW_SECONDS = 30

export interface TokenLimits {
  /** Default 2592000 (30 days). */
  readonly defaultLifetimeSeconds: number
  /** Default 60. */
  readonly minLifetimeSeconds: number
  /** Default 7776000 (90 days). */
  readonly maxLifetimeSeconds: number
  /** How long expired and revoked tokens stay listed. Default 604800 (7 days). */
  readonly keepEndedSeconds: number
  /** What a refresh token buys lives this long, within the limits above. Default 900 (15 minutes). */
  readonly accessLifetimeSeconds: number
  /** A refresh token unused for this long is over. Default 604800 (7 days). */
  readonly refreshLifetimeSeconds: number
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
  accessLifetimeSeconds: 900,
  refreshLifetimeSeconds: 7 * 86_400,
}

const SESSION_DEFAULTS: SessionLimits = {
  idleSeconds: 86_400,
  absoluteSeconds: 7 * 86_400,
  extendEverySeconds: 60,
}

const LONGEST_SECONDS = 400 * 86_400

export function resolveTokenLimits(given: Partial<TokenLimits> | undefined, problems: string[]): TokenLimits {
  const merged = { ...TOKEN_DEFAULTS, ...limitsOf('tokens', given, TOKEN_DEFAULTS, problems) }
  const accessLifetimeSeconds = Math.max(
    merged.minLifetimeSeconds,
    Math.min(merged.accessLifetimeSeconds, merged.maxLifetimeSeconds),
  )
  const limits = Object.freeze({ ...merged, accessLifetimeSeconds })
  if (limits.minLifetimeSeconds > limits.defaultLifetimeSeconds)
    problems.push('tokens: minLifetimeSeconds is above defaultLifetimeSeconds')
  if (limits.defaultLifetimeSeconds > limits.maxLifetimeSeconds)
    problems.push('tokens: defaultLifetimeSeconds is above maxLifetimeSeconds')
  return limits
}

export function resolveSessionLimits(
  given: Partial<SessionLimits> | undefined,
  problems: string[],
): SessionLimits {
  return Object.freeze({ ...SESSION_DEFAULTS, ...limitsOf('sessions', given, SESSION_DEFAULTS, problems) })
}

/** Those of the limits that are given and right. */
function limitsOf<T extends object>(
  name: string,
  given: Partial<T> | undefined,
  defaults: T,
  problems: string[],
): Partial<T> {
  const kinds = Object.keys(defaults).map((limit) => [limit, integer(1, LONGEST_SECONDS)])
  const limits = checkMembers(given ?? {}, Object.fromEntries(kinds), problems, { name })
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as Partial<T>
}

export function requireWithin(
  name: string,
  value: number,
  least: number,
  most: number,
  problems: string[],
): void {
  if (!Number.isInteger(value) || value < least || value > most)
    problems.push(`${name}: give an integer from ${least} to ${most}`)
}

/** Such as `90s`, `15m`, `24h` or `30d`. */
export type Duration = `${number}${'s' | 'm' | 'h' | 'd'}`

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** The seconds of a duration; a problem when it is none, or beyond 400 days. */
export function readDuration(name: string, text: string, problems: string[]): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const seconds = Number(count) * (UNIT_SECONDS[unit ?? ''] ?? Number.NaN)
  if (!(seconds >= 1 && seconds <= LONGEST_SECONDS))
    problems.push(`${name}: give a duration such as 15m, 24h or 30d`)
  return seconds
}
