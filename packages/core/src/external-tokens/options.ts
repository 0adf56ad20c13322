import type { Role } from '../authorization/roles.js'
import type { StandardSchema } from '../input/standard-schema.js'
import type { ClaimPath } from '../jws/claim-path.js'
import type { KeySource, RemoteKeysOptions } from '../remote-keys/options.js'
import type { Millis } from '../store/store.js'

/** What a claim may map to. Nobody becomes a super admin by what another service says. */
export type MappedRole = Exclude<Role, 'super_admin'>

export type WithoutEmail = 'refuse' | 'subject' | 'insecure-any-subject'

/** Where the claims are. */
export interface ClaimPaths {
  /**
   * The account when there is no e-mail claim; it must then be an e-mail address itself, unless `withoutEmail` is `subject`.
   * Default `sub`.
   */
  readonly userId?: ClaimPath
  /** Default `email`. */
  readonly email?: ClaimPath
  /** A string or an array of strings. Default `role`. */
  readonly role?: ClaimPath
  /** Default `team`. */
  readonly team?: ClaimPath
  /** Strings separated by spaces (RFC 8693 §4.2) or an array of strings. Default `scope`. */
  readonly scopes?: ClaimPath
}

/**
 * Claim → what it must be. A name with dots is a path, but for one with `://`, which is that of a namespace. The claim is a string, or an
 * array in which one string must do. A value is compared exactly, case and all; one that ends with `*` is how the claim must begin
 * (`acme/*`; `acme*` is also `acme-evil`), and of several one must do. All the claims must be there.
 */
export type RequiredClaims = Readonly<Record<string, string | readonly string[]>>

/** Another issuer whose JWTs let their bearers in: a company's identity provider, a CI system. */
export interface TrustedIssuerOptions extends KeySource {
  /** `aud` must name at least one of these. */
  readonly audience: string | readonly string[]
  /** How far the clocks may differ, for `exp`, `nbf` and `iat` alike. 0 to 60, default 30. */
  readonly leewaySeconds?: number
  readonly claims?: ClaimPaths
  /**
   * What tokens must claim beside `aud`, or they are refused with `token_invalid`. At an issuer that serves many companies
   * (GitHub Actions, GitLab.com, Google) anybody gets a token with any `aud`: name what is yours.
   */
  readonly requiredClaims?: RequiredClaims
  /**
   * Role claim → role, beside the built-in `admin`, `user`, `viewer`, `team` and `customer`. Of several the most powerful
   * counts.
   */
  readonly roles?: Readonly<Record<string, MappedRole>>
  /**
   * Scope of the issuer → scopes of the gate, beside those that both call alike. A token that lists scopes has none but
   * these: `{ openid: ['api'] }` lets in what says `openid profile`.
   */
  readonly scopes?: Readonly<Record<string, readonly string[]>>
  /**
   * A token without an e-mail claim is refused, unless its user id is an address (`refuse`, default); or it is let in as
   * `subject:USER-ID:ISSUER` (`subject`), whose user id is then never taken for an address. Such an account can be banned
   * like any other; `allowedEmailDomains` does not concern it, so that `subject` needs `requiredClaims`.
   * `insecure-any-subject` is `subject` for whoever the issuer gives a token: only where that is nobody but your own.
   */
  readonly withoutEmail?: WithoutEmail
  /** Whoever has no role that is mapped is a `user` (default), or is refused. */
  readonly unknownRole?: 'user' | 'refuse'
  /** A Standard Schema (zod, valibot, arktype …) for the whole payload. Its output becomes `identity.claims`. */
  readonly claimsSchema?: StandardSchema
}

export interface RequiredClaim {
  readonly name: string
  readonly path: readonly string[]
  readonly accepts: (value: string) => boolean
}

export interface ResolvedTrustedIssuer extends RemoteKeysOptions {
  readonly audiences: ReadonlySet<string>
  readonly leewayMs: Millis
  /** Each as its segments. */
  readonly claims: Readonly<Record<keyof ClaimPaths, readonly string[]>>
  readonly roles: ReadonlyMap<string, MappedRole>
  readonly scopes: ReadonlyMap<string, readonly string[]>
  readonly requiredClaims: readonly RequiredClaim[]
  readonly withoutEmail: 'refuse' | 'subject'
  readonly unknownRole: 'user' | 'refuse'
  readonly claimsSchema: StandardSchema | undefined
}
