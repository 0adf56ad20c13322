import { canonicalEmails } from '../accounts/account-id.js'
import type { Lane } from '../audit/entry.js'
import { resolveAuthRequest } from '../auth-request/options.js'
import { resolveRoleByGroup } from '../authorization/roles.js'
import type { DenialText } from '../errors/denials.js'
import type { ProblemRenderer } from '../errors/problem.js'
import {
  checkedByValue,
  flag,
  havingMethods,
  hook,
  integer,
  listOf,
  mapOf,
  nonEmptyText,
  oneOf,
  someObject,
  text,
  textOrTexts,
} from '../input/kinds.js'
import { type GivenOptions, optional, required, type UsedOptions } from '../input/options.js'
import { SIGNING_KEY } from '../jws/keys.js'
import { resolveEmailDomains } from '../login/email-domain.js'
import { IDENTITY_PROVIDER } from '../login/identity-provider.js'
import { resolveRateLimits } from '../rate-limit/limits.js'
import {
  type ClientAddress,
  type ClientAddressOptions,
  resolveClientAddress,
} from '../request/client-address.js'
import type { Clock, Store } from '../store/store.js'
import type { GateEvent } from './event.js'
import { duration, resolveSessionLimits, resolveTokenLimits } from './limits.js'

/** Pages that the gate serves to logged-in browsers; `dashboard()` of `@portcullis/dashboard` is one. */
export interface Pages {
  owns(path: string): boolean
  /** True for files that anyone may fetch: scripts and styles, never data. */
  isPublic(path: string): boolean
  /** Answered with 503 `page_unavailable` after 30 seconds. */
  handle(request: Request): Promise<Response>
}

export type UsageInstructions = (issued: {
  readonly token: string
  readonly publicUrl: string
}) => Readonly<Record<string, string>>

/** Every option of a gate but its plugins. */
export const CORE_OPTIONS = {
  /** Where accounts, tokens, sessions and the audit log are kept. `gate.close` closes it. */
  store: required<Store>(havingMethods('read', 'commit', 'page', 'count', 'health', 'close')),
  /** The origin that browsers see, such as `https://gate.example.com`. Never taken from a request. */
  publicUrl: required(text),
  /**
   * Lets `publicUrl` be plain http on another host than this one. Cookies and tokens then cross the network readably.
   * Default false.
   */
  insecurePublicUrl: optional(flag, { default: false }),
  /**
   * At least 32 bytes each, used for nothing else. The first encrypts, all decrypt. To rotate, add the new one in front; the old one can go once
   * every process has started with the new one and sessions from before are over (`sessions.absoluteSeconds`).
   */
  secret: required(textOrTexts),
  /** Keys of the tokens: the first signs, all verify. */
  keys: required(listOf(SIGNING_KEY)),
  /** Logs people in. Without one the gate accepts tokens only. */
  identityProvider: optional(IDENTITY_PROVIDER),
  /**
   * Who may log in: e-mail addresses of exactly these domains, subdomains not included. Default: any that the provider
   * has verified.
   */
  allowedEmailDomains: optional(checkedByValue, { read: resolveEmailDomains }),
  /** E-mail addresses of those who administer everybody, administrators too, and appoint them. Default: nobody. */
  superAdmins: optional(listOf(text), { read: canonicalEmails }),
  /** E-mail addresses of those who administer everybody but super admins. Default: nobody. */
  admins: optional(listOf(text), { read: canonicalEmails }),
  /**
   * Group of the identity provider → role, for accounts that `superAdmins` and `admins` do not name; of several the most
   * powerful counts. Holds for sessions, by the groups at their login. Tokens and API keys carry no groups: they get no
   * right from one, and only read while the account’s last login made it a `viewer`. Default: groups give no role.
   */
  roleByGroup: optional(someObject, { read: resolveRoleByGroup }),
  /** `iss` of the tokens. Default: `publicUrl`, which is where OAuth clients expect it to be (RFC 8414 §3.3). */
  issuer: optional(nonEmptyText),
  /** `aud` of the tokens. Default: `publicUrl`. */
  audience: optional(nonEmptyText),
  /** What tokens may be allowed to do, beside the built-in `api`, `tokens:write` and `admin`; scope → description. */
  scopes: optional(mapOf(text)),
  /** Scope that a token needs beyond the gate's own routes. Default `api`. */
  requiredScope: optional(nonEmptyText, { default: 'api' }),
  /** How long tokens live, and stay listed. */
  tokens: optional(someObject, { read: resolveTokenLimits }),
  /** How long sessions of browsers last. */
  sessions: optional(someObject, { read: resolveSessionLimits }),
  /**
   * Tokens and API keys work only for so long after their owner has logged in at the identity provider, such as `24h`.
   * Off by default.
   */
  requireFreshLogin: optional(duration),
  /**
   * `offer`: a token in the last fifth of its life is answered with `x-portcullis-renew`, the path where it gets a
   * successor. Default `none`.
   */
  tokenRenewal: optional(oneOf('offer', 'none'), { default: 'none' }),
  /**
   * Whose address counts as the client's, in limits, sessions and the audit log. Default: the peer's own. Behind a
   * reverse proxy say which addresses it has, or everybody has the proxy's.
   */
  clientAddress: optional<ClientAddressOptions, ClientAddress | undefined>(someObject, {
    read: (given, problems) => given && resolveClientAddress(given, problems),
  }),
  /** How often a client may do what can be guessed, begun or issued; each limit, or all of them, can be `off`. */
  rateLimits: optional(checkedByValue, { read: resolveRateLimits }),
  /**
   * Past this a body that a route of the gate's own waits for is answered with 408 `body_too_slow`. 100 to 600000,
   * default 10000. Bodies that are forwarded keep to the server's own deadline.
   */
  bodyDeadlineMs: optional(integer(100, 600_000), { default: 10_000 }),
  /** Past this a store call counts as failed. 10 to 10000, default 250. */
  storeDeadlineMs: optional(integer(10, 10_000), { default: 250 }),
  /**
   * How long entries of the audit log are kept. 1 to 3660 days, default 400. Older ones are cut off every hour; the log
   * stays verifiable.
   */
  auditRetentionDays: optional(integer(1, 3660), { default: 400 }),
  /**
   * How many tokens that work an account may have, those of OAuth clients among them, and how many sessions. 1 to 1000000,
   * default 10000. Beyond it a token is refused with `too_many_tokens`; a login ends the oldest session instead. API keys
   * have a limit of their own, 100.
   */
  maxCredentialsPerAccount: optional(integer(1, 1_000_000), { default: 10_000 }),
  /** Proofs of token signatures kept in memory. 1 to 1000000, default 10000. */
  proofCacheSize: optional(integer(1, 1_000_000), { default: 10_000 }),
  /**
   * Records (standings, sessions, tokens, keys) kept in memory while a store that can watch vouches for them, of 2 KiB
   * on average at most. 1 to 1000000, default 40000.
   */
  nearCacheSize: optional(integer(1, 1_000_000), { default: 40_000 }),
  /**
   * What to do with credentials from before the store lost records that it had acknowledged, revocations perhaps among
   * them. `refuse` (default) until somebody accepts the loss; `accept` lets those pass that are still there.
   */
  onDataLoss: optional(oneOf('refuse', 'accept'), { default: 'refuse' }),
  /**
   * What to do when the store warns that it is not set up to keep what it acknowledges. `report` (default) says so in
   * `/ready` and to `onEvent`; `refuse` neither starts nor says that it is ready.
   */
  onStoreDegraded: optional(oneOf('report', 'refuse'), { default: 'report' }),
  /** For nginx, Traefik, Caddy and Envoy in front of services that know nothing of the gate. */
  authRequest: optional(someObject, { read: resolveAuthRequest }),
  /** Pages of the gate beside its own, such as those of `dashboard()`. Default: none. */
  pages: optional<readonly Pages[]>(listOf(havingMethods('owns', 'isPublic', 'handle')), { default: [] }),
  /**
   * What the answer that issues a token tells people to paste where: a short name, such as `curl`, → text. Default: a call
   * with curl. Not asked again: with a token in it, it is shown once like the token.
   */
  usageInstructions: optional<UsageInstructions>(hook),
  /** Shapes errors for paths that have a convention of their own; the first answer wins. */
  problems: optional<readonly ProblemRenderer[]>(listOf(hook), { default: [] }),
  /** Is told what an operator should know, to be logged. What it throws is ignored. Default: nobody is told. */
  onEvent: optional<(event: GateEvent) => void>(hook),
  /** Epoch milliseconds, by which everything expires. Default: `Date.now`. */
  clock: optional<Clock>(hook),
}

/** Every option of a gate but its plugins. */
export interface CoreOptions extends GivenOptions<typeof CORE_OPTIONS> {}

type Given = 'insecurePublicUrl' | 'secret' | 'requireFreshLogin' | 'usageInstructions'

/** What a gate runs by: its options with every default filled in, and what follows from several of them. */
export interface ResolvedOptions extends Omit<UsedOptions<typeof CORE_OPTIONS>, Given> {
  /** Whether `publicUrl`, an origin without a trailing slash, is https. */
  readonly secure: boolean
  readonly secrets: readonly [string, ...string[]]
  readonly issuer: string
  readonly audience: string
  /** With those of plugins. */
  readonly scopes: Readonly<Record<string, string>>
  readonly requireFreshLoginSeconds: number | undefined
  readonly usageInstructions: (token: string) => Readonly<Record<string, string>>
  readonly onEvent: (event: GateEvent) => void
  readonly clock: Clock
  /** Codes of plugins, with their public text. */
  readonly denials: Readonly<Record<string, DenialText>>
  /** What plugins may record in the audit log. */
  readonly auditActions: Readonly<Record<string, Lane>>
  /** Names of actors that no account is: those of plugins' `operators`. */
  readonly operators: ReadonlySet<string>
}
