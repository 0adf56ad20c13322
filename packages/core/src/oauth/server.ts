import type { Identity } from '../authentication/identity.js'
import type { RequestTrace } from '../authorization/actor.js'
import type { OAuthErrorCode } from '../errors/denials.js'
import type { Outcome } from '../errors/outcome.js'
import type { Approval } from './approval.js'
import type { OAuthClient } from './clients.js'
import type { GrantedTokens } from './granted.js'
import type { ApprovalToRedeem, Reused } from './redeem-approval.js'
import type { Consent } from './routes/consent-page.js'

/** What a client sends to the token endpoint, once it has proven itself. */
export interface GrantRequest {
  readonly client: OAuthClient
  /** Fields of the form; those that were not sent are absent. */
  readonly fields: Readonly<Record<string, string | undefined>>
  readonly trace: RequestTrace
}

/** An error of OAuth that is nothing that the gate refuses anywhere else, such as `authorization_pending`. */
export interface GrantError {
  readonly error: OAuthErrorCode
  /** ASCII without quotes (RFC 6749 §5.2). */
  readonly description: string
}

/** A way to get tokens at the token endpoint (RFC 6749 §4.5). */
export interface GrantType {
  /** The `grant_type`: a URI, for all but those of RFC 6749. */
  readonly name: string
  /** Fields of the form beside those of every request, at most 16384 characters each. */
  readonly fields: readonly string[]
  /** Clients ask again and again until somebody has approved: beyond their limit they get `slow_down` (RFC 8628 §3.5). */
  readonly isPolled?: boolean
  /** What the metadata of the server say beside its name (RFC 8414 §2), such as an endpoint. */
  readonly metadata?: Readonly<Record<string, string>>
  readonly redeem: (request: GrantRequest) => Promise<Outcome<GrantedTokens> | GrantError>
}

/** What the OAuth server is to plugins that require it. */
export interface OAuthServer {
  /** The built-in client first. */
  readonly clients: readonly OAuthClient[]
  /** Those that were added. */
  readonly grantTypes: readonly GrantType[]
  /**
   * That whoever is at the browser lets a program act for them, to be kept until it is redeemed: worth nothing any more once
   * the session ends with all others, or everything that programs hold is revoked. Refused with `session_invalid`.
   */
  approve(identity: Identity): Promise<Outcome<Approval>>
  /**
   * Gives a client tokens for an approval, once: the code that stands for it is spent by the commit that issues them. A
   * repeat within 30 seconds gets the same tokens, as long as they have not been refreshed; a later one answers the family
   * that is in use. Refused with `grant_invalid`, `account_banned`, `login_stale` or `scope_insufficient`.
   */
  redeem(approval: ApprovalToRedeem): Promise<Outcome<GrantedTokens> | Reused>
  /** The page that asks somebody whether a program may act for them; works without scripts. */
  consentPage(consent: Consent): Promise<Response>
  /** Adds a grant type, while plugins start. Throws a `TypeError` for a name that is taken. */
  addGrantType(grantType: GrantType): void
}

/** What the token endpoint grants by itself. */
const OWN_GRANT_TYPES = ['authorization_code', 'refresh_token'] as const

/** What the server does for other plugins. */
export type OAuthServices = Pick<OAuthServer, 'approve' | 'redeem' | 'consentPage'>

export function createOAuthServer(clients: readonly OAuthClient[], services: OAuthServices): OAuthServer {
  const grantTypes: GrantType[] = []
  return {
    ...services,
    clients,
    grantTypes,
    addGrantType(grantType) {
      if (grantTypeNames({ grantTypes }).includes(grantType.name))
        throw new TypeError(`oauth: the grant type ${grantType.name} is there already`)
      grantTypes.push(grantType)
    },
  }
}

/** Every `grant_type` that the token endpoint takes. */
export function grantTypeNames({ grantTypes }: Pick<OAuthServer, 'grantTypes'>): readonly string[] {
  return [...OWN_GRANT_TYPES, ...grantTypes.map(({ name }) => name)]
}

/** The client of this id. */
export function clientWithId(
  { clients }: Pick<OAuthServer, 'clients'>,
  clientId: string | undefined,
): OAuthClient | undefined {
  return clients.find(({ id }) => id === clientId)
}
