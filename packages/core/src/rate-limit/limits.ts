import { integer, type Kind } from '../input/kinds.js'
import { optional, readOptions, type UsedOptions } from '../input/options.js'

const within = integer(1, 1_000_000)

const perMinute: Kind<number | 'off'> = Object.assign(
  (name: string, value: unknown, problems: string[]) => {
    if (value !== 'off') within(name, value, problems)
  },
  { range: within.range },
)

/** Within a minute, by one client: 1 to 1000000, or `off`. */
const RATE_LIMITS = {
  /** Logins begun, by address. Default 240. */
  loginsPerMinute: optional(perMinute, { default: 240 }),
  /**
   * What fails to prove itself, by address: tokens, API keys, session cookies, directory and client secrets, refresh
   * tokens, codes, logout tokens, callbacks. What is valid passes, however much has failed before it. Default 240.
   */
  guessesPerMinute: optional(perMinute, { default: 240 }),
  /** Tokens and API keys made or renewed, by account; refreshes, by family of refresh tokens. Default 240. */
  tokensPerMinute: optional(perMinute, { default: 240 }),
  /** Pages of approval shown and answered, by account. Default 120. */
  approvalsPerMinute: optional(perMinute, { default: 120 }),
  /** Device authorizations begun by public clients, by address. Default 120. */
  deviceAuthorizationsPerMinute: optional(perMinute, { default: 120 }),
  /** OAuth requests of a client that has proven its secret, by client. Default 6000. */
  clientRequestsPerMinute: optional(perMinute, { default: 6000 }),
}

/**
 * How often something may be done within a minute, by one client: 1 to 1000000, or `off`. A client is an address (of
 * IPv6 the /64), or what was proven: nobody can use up what is counted by account or by OAuth client without being it.
 *
 * The defaults let a company of a thousand people behind one address log in within five minutes.
 */
export interface RateLimits extends UsedOptions<typeof RATE_LIMITS> {}

/** What is counted together: the limits by their names, such as `logins` of `loginsPerMinute`. */
export type RateLimitKind = keyof RateLimits extends infer Name
  ? Name extends `${infer Kind}PerMinute`
    ? Kind
    : never
  : never

/** The limits, with every default filled in; `off` is all of them off. */
export function resolveRateLimits(given: Partial<RateLimits> | 'off' = {}, problems: string[]): RateLimits {
  if (given !== 'off') return readOptions(given, RATE_LIMITS, problems, 'rateLimits')
  return Object.fromEntries(Object.keys(RATE_LIMITS).map((limit) => [limit, 'off'])) as unknown as RateLimits
}
