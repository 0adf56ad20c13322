import { integer, type Kind } from '../input/kinds.js'
import { optional, readOptions, type UsedOptions } from '../input/options.js'

/**
 * For so long whoever presents the same refresh token, code or API key again gets the same successor: the answer may
 * have been lost, or come too late. Longer than a client waits for an answer before it tries again.
 */
export const RETRY_WINDOW_SECONDS = 30
/** `expiresAt` of what does not expire: the last instant that RFC 3339 can write, in epoch milliseconds. */
export const WITHOUT_END = 253_402_300_799_000

const LONGEST_SECONDS = 400 * 86_400
const seconds = integer(1, LONGEST_SECONDS)

/** Every limit in seconds, 1 to 34560000 (400 days). */
const TOKEN_LIMITS = {
  /** How long a token lives that was asked for without a lifetime. Default 2592000 (30 days). */
  defaultLifetimeSeconds: optional(seconds, { default: 30 * 86_400 }),
  /** The shortest lifetime that may be asked for. Default 60. */
  minLifetimeSeconds: optional(seconds, { default: 60 }),
  /** The longest lifetime that may be asked for. Default 7776000 (90 days). */
  maxLifetimeSeconds: optional(seconds, { default: 90 * 86_400 }),
  /** How long expired and revoked tokens stay listed. Default 604800 (7 days). */
  keepEndedSeconds: optional(seconds, { default: 7 * 86_400 }),
  /** What a refresh token buys lives this long, within the limits above. Default 900 (15 minutes). */
  accessLifetimeSeconds: optional(seconds, { default: 900 }),
  /** A refresh token unused for this long is over. Default 604800 (7 days). */
  refreshLifetimeSeconds: optional(seconds, { default: 7 * 86_400 }),
}

/** Every limit in seconds, 1 to 34560000 (400 days). */
const SESSION_LIMITS = {
  /** A session unused for this long is over. Default 86400 (1 day). */
  idleSeconds: optional(seconds, { default: 86_400 }),
  /** A session older than this is over, however busy. Default 604800 (7 days). */
  absoluteSeconds: optional(seconds, { default: 7 * 86_400 }),
  /** Last use and idle limit are written at most this often. Default 60. */
  extendEverySeconds: optional(seconds, { default: 60 }),
}

/** How long tokens live. Each limit is 1 to 34560000 seconds (400 days). */
export interface TokenLimits extends UsedOptions<typeof TOKEN_LIMITS> {}

/** How long sessions last. Each limit is 1 to 34560000 seconds (400 days). */
export interface SessionLimits extends UsedOptions<typeof SESSION_LIMITS> {}

export function resolveTokenLimits(
  given: Partial<TokenLimits> = {},
  problems: string[],
  name: string,
): TokenLimits {
  const limits = readOptions(given, TOKEN_LIMITS, problems, name)
  const { minLifetimeSeconds, defaultLifetimeSeconds, maxLifetimeSeconds, accessLifetimeSeconds } = limits
  if (minLifetimeSeconds > defaultLifetimeSeconds)
    problems.push(`${name}: minLifetimeSeconds is above defaultLifetimeSeconds`)
  if (defaultLifetimeSeconds > maxLifetimeSeconds)
    problems.push(`${name}: defaultLifetimeSeconds is above maxLifetimeSeconds`)
  return Object.freeze({
    ...limits,
    accessLifetimeSeconds: Math.max(minLifetimeSeconds, Math.min(accessLifetimeSeconds, maxLifetimeSeconds)),
  })
}

export function resolveSessionLimits(
  given: Partial<SessionLimits> = {},
  problems: string[],
  name: string,
): SessionLimits {
  return readOptions(given, SESSION_LIMITS, problems, name)
}

/** Such as `90s`, `15m`, `24h` or `30d`. */
export type Duration = `${number}${'s' | 'm' | 'h' | 'd'}`

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** A duration of a second to 400 days. */
export const duration: Kind<Duration> = (name, value, problems) => {
  const seconds = typeof value === 'string' ? secondsIn(value as Duration) : Number.NaN
  if (!(seconds >= 1 && seconds <= LONGEST_SECONDS))
    problems.push(`${name}: give a duration such as 15m, 24h or 30d`)
}

/** NaN of what is no duration. */
export function secondsIn(text: Duration): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  return Number(count) * (UNIT_SECONDS[unit ?? ''] ?? Number.NaN)
}
