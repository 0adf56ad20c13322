import { requireWithin } from '../context/limits.js'
import { checkMembers } from '../input/check.js'
import { checkedByValue, type Shape } from '../input/kinds.js'

/**
 * How often something may be done within a minute, by one client: 1 to 1000000, or `off`. A client is an address (of
 * IPv6 the /64), or what was proven: nobody can use up what is counted by account or by OAuth client without being it.
 *
 * The defaults let a company of a thousand people behind one address log in within five minutes.
 */
export interface RateLimits {
  /** Logins begun, by address. Default 240. */
  readonly loginsPerMinute: number | 'off'
  /**
   * What fails to prove itself, by address: tokens, API keys, session cookies, directory and client secrets, refresh
   * tokens, codes, logout tokens, callbacks. What is valid passes, however much has failed before it. Default 240.
   */
  readonly guessesPerMinute: number | 'off'
  /** Tokens and API keys made or renewed, by account; refreshes, by family of refresh tokens. Default 240. */
  readonly tokensPerMinute: number | 'off'
  /** Pages of approval shown and answered, by account. Default 120. */
  readonly approvalsPerMinute: number | 'off'
  /** Device authorizations begun by public clients, by address. Default 120. */
  readonly deviceAuthorizationsPerMinute: number | 'off'
  /** OAuth requests of a client that has proven its secret, by client. Default 6000. */
  readonly clientRequestsPerMinute: number | 'off'
}

const DEFAULTS: RateLimits = {
  loginsPerMinute: 240,
  guessesPerMinute: 240,
  tokensPerMinute: 240,
  approvalsPerMinute: 120,
  deviceAuthorizationsPerMinute: 120,
  clientRequestsPerMinute: 6000,
}

/** What is counted together: the limits by their names, such as `logins` of `loginsPerMinute`. */
export type RateLimitKind = keyof RateLimits extends infer Name
  ? Name extends `${infer Kind}PerMinute`
    ? Kind
    : never
  : never

/** The limits, with every default filled in; `off` is all of them off. */
export function resolveRateLimits(given: Partial<RateLimits> | 'off' = {}, problems: string[]): RateLimits {
  const names = Object.keys(DEFAULTS) as (keyof RateLimits)[]
  if (given === 'off') return Object.fromEntries(names.map((name) => [name, 'off'])) as unknown as RateLimits
  const kinds = Object.fromEntries(names.map((name) => [name, checkedByValue])) as Shape<RateLimits>
  const limits = {
    ...DEFAULTS,
    ...checkMembers<Partial<RateLimits>>(given, kinds, problems, { name: 'rateLimits' }),
  }
  for (const name of names) {
    const limit = limits[name]
    if (limit !== 'off') requireWithin(`rateLimits.${name}`, limit, 1, 1_000_000, problems)
  }
  return Object.freeze(limits)
}
