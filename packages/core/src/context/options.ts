import type { Lane } from '../audit/precedence.js'
import type { AuthRequestOptions, ResolvedAuthRequest } from '../auth-request/options.js'
import type { GroupRole } from '../authorization/role-by-group.js'
import type { DenialText } from '../errors/denials.js'
import type { ProblemRenderer } from '../errors/problem.js'
import type { ResolvedTrustedIssuer, TrustedIssuerOptions } from '../external-tokens/options.js'
import type { SigningKeyOptions } from '../jws/signing-key.js'
import type { IdentityProvider } from '../login/identity-provider.js'
import type { OAuthClient } from '../oauth/clients.js'
import type { RateLimits } from '../rate-limit/limits.js'
import type { ClientAddress, ClientAddressOptions } from '../request/client-address.js'
import type { Clock, Store } from '../store/store.js'
import type { GateEvent } from './event.js'
import type { Duration, SessionLimits, TokenLimits } from './limits.js'

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
export interface CoreOptions {
  readonly store: Store
  /** The origin that browsers see, such as `https://gate.example.com`. Never taken from a request. */
  readonly publicUrl: string
  /**
   * Lets `publicUrl` be plain http on another host than this one. Cookies and tokens then cross the network readably.
   * Default false.
   */
  readonly insecurePublicUrl?: boolean
  /**
   * At least 32 bytes each, used for nothing else. The first encrypts, all decrypt. To rotate, add the new one in front; the old one can go once
   * every process has started with the new one and sessions from before are over (`sessions.absoluteSeconds`).
   */
  readonly secret: string | readonly string[]
  /** Keys of the tokens: the first signs, all verify. */
  readonly keys: readonly SigningKeyOptions[]
  /** Logs people in. Without one the gate accepts tokens only. */
  readonly identityProvider?: IdentityProvider
  /**
   * Who may log in: e-mail addresses of exactly these domains, subdomains not included. Default: any that the provider
   * has verified.
   */
  readonly allowedEmailDomains?: readonly string[]
  readonly superAdmins?: readonly string[]
  readonly admins?: readonly string[]
  /**
   * Group of the identity provider → role, for accounts that `superAdmins` and `admins` do not name; of several the most
   * powerful counts. Holds for sessions, by the groups at their login. Tokens and API keys carry no groups: they get no
   * right from one, and only read while the account’s last login made it a `viewer`. Default: groups give no role.
   */
  readonly roleByGroup?: Readonly<Record<string, GroupRole>>
  /** `iss` of the tokens. Default: `publicUrl`, which is where OAuth clients expect it to be (RFC 8414 §3.3). */
  readonly issuer?: string
  /** `aud` of the tokens. Default: `publicUrl`. */
  readonly audience?: string
  /** What tokens may be allowed to do, beside the built-in `api`, `tokens:write` and `admin`; scope → description. */
  readonly scopes?: Readonly<Record<string, string>>
  /** Scope that a token needs beyond the gate's own routes. Default `api`. */
  readonly requiredScope?: string
  readonly tokens?: Partial<TokenLimits>
  readonly sessions?: Partial<SessionLimits>
  /**
   * A key for operators and automation, of at least 32 bytes; only its hash stays in memory. Off by default. It acts as
   * a super admin, is audited as `master-key`, and calls nothing behind the gate unless `masterKeyScopes` says so.
   */
  readonly masterKey?: string
  /** `administration` (default), or `everything` behind the gate too. */
  readonly masterKeyScopes?: 'administration' | 'everything'
  /**
   * Tokens and API keys work only for so long after their owner has logged in at the identity provider, such as `24h`.
   * Off by default.
   */
  readonly requireFreshLogin?: Duration
  /**
   * `offer`: a token in the last fifth of its life is answered with `x-portcullis-renew`, the path where it gets a
   * successor. Default `none`.
   */
  readonly tokenRenewal?: 'offer' | 'none'
  /** Issuers whose JWTs are accepted as the gate's own are, for calls to what is behind it. */
  readonly trustedIssuers?: readonly TrustedIssuerOptions[]
  /** OAuth clients beside the built-in public `portcullis-cli`, which an entry with its id changes. */
  readonly oauthClients?: readonly OAuthClient[]
  /**
   * Whose address counts as the client's, in limits, sessions and the audit log. Default: the peer's own. Behind a
   * reverse proxy say which addresses it has, or everybody has the proxy's.
   */
  readonly clientAddress?: ClientAddressOptions
  /** How often a client may do what can be guessed, begun or issued; each limit, or all of them, can be `off`. */
  readonly rateLimits?: Partial<RateLimits> | 'off'
  /**
   * Past this a body that a route of the gate's own waits for is answered with 408 `body_too_slow`. 100 to 600000,
   * default 10000. Bodies that are forwarded keep to the server's own deadline.
   */
  readonly bodyDeadlineMs?: number
  /** Past this a store call counts as failed. 10 to 10000, default 250. */
  readonly storeDeadlineMs?: number
  /**
   * How long entries of the audit log are kept. 1 to 3660 days, default 400. Older ones are cut off every hour; the log
   * stays verifiable.
   */
  readonly auditRetentionDays?: number
  /**
   * How many tokens that work an account may have, those of OAuth clients among them, and how many sessions. 1 to 1000000,
   * default 10000. Beyond it a token is refused with `too_many_tokens`; a login ends the oldest session instead. API keys
   * have a limit of their own, 100.
   */
  readonly maxCredentialsPerAccount?: number
  /** Proofs of token signatures kept in memory. Default 10000. */
  readonly proofCacheSize?: number
  /**
   * Records (standings, sessions, tokens, keys) kept in memory while a store that can watch vouches for them, of 2 KiB
   * on average at most. 1 to 1000000, default 40000.
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
  /** For nginx, Traefik, Caddy and Envoy in front of services that know nothing of the gate. */
  readonly authRequest?: AuthRequestOptions
  readonly pages?: readonly Pages[]
  /**
   * What the answer that issues a token tells people to paste where: a short name, such as `curl`, → text. Default: a call
   * with curl. Not asked again: with a token in it, it is shown once like the token.
   */
  readonly usageInstructions?: UsageInstructions
  /** Shapes errors for paths that have a convention of their own; the first answer wins. */
  readonly problems?: readonly ProblemRenderer[]
  readonly onEvent?: (event: GateEvent) => void
  /** Default `Date.now`. */
  readonly clock?: Clock
}

export interface ResolvedOptions {
  readonly store: Store
  /** Origin, without a trailing slash. */
  readonly publicUrl: string
  readonly secure: boolean
  readonly secrets: readonly [string, ...string[]]
  readonly keys: readonly SigningKeyOptions[]
  readonly identityProvider: IdentityProvider | undefined
  readonly allowedEmailDomains: ReadonlySet<string> | undefined
  readonly superAdmins: ReadonlySet<string>
  readonly admins: ReadonlySet<string>
  readonly roleByGroup: ReadonlyMap<string, GroupRole>
  readonly issuer: string
  readonly audience: string
  readonly scopes: Readonly<Record<string, string>>
  readonly requiredScope: string
  readonly tokens: TokenLimits
  readonly sessions: SessionLimits
  readonly masterKey: string | undefined
  readonly masterKeyScopes: 'administration' | 'everything'
  readonly requireFreshLoginSeconds: number | undefined
  readonly tokenRenewal: 'offer' | 'none'
  readonly trustedIssuers: readonly ResolvedTrustedIssuer[]
  readonly oauthClients: readonly OAuthClient[]
  /** Undefined: the peer's own. */
  readonly clientAddress: ClientAddress | undefined
  readonly rateLimits: RateLimits
  readonly bodyDeadlineMs: number
  readonly storeDeadlineMs: number
  readonly auditRetentionDays: number
  readonly maxCredentialsPerAccount: number
  readonly proofCacheSize: number
  readonly nearCacheSize: number
  readonly onDataLoss: 'refuse' | 'accept'
  readonly onStoreDegraded: 'report' | 'refuse'
  readonly authRequest: ResolvedAuthRequest
  readonly pages: readonly Pages[]
  readonly usageInstructions: (token: string) => Readonly<Record<string, string>>
  readonly problems: readonly ProblemRenderer[]
  readonly onEvent: (event: GateEvent) => void
  readonly clock: Clock
  /** Codes of plugins, with their public text. */
  readonly denials: Readonly<Record<string, DenialText>>
  /** What plugins may record in the audit log. */
  readonly auditActions: Readonly<Record<string, Lane>>
}
