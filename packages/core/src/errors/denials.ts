/** RFC 6749 §4.1.2.1 and §5.2, RFC 8628 §3.5, RFC 7009 §2.2.1, RFC 8707 §2. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'access_denied'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'temporarily_unavailable'
  | 'server_error'

/** What everybody may read of a code. Fixed: a code never changes its meaning. */
export interface DenialText {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly challengeError?: 'invalid_request' | 'invalid_token' | 'insufficient_scope'
  /**
   * Whether whoever is refused so, as a credential is proven, may have guessed. Default for codes of plugins: true. Say false
   * for what was proven to be genuine, such as a credential that has expired.
   */
  readonly isGuess?: boolean
  /** The `error` where a route answers in the form of OAuth. Default `invalid_request`. */
  readonly oauthError?: OAuthErrorCode
  readonly endsConnection?: true
}

/** Every denial, with its fixed public text. A code never changes its meaning. */
export const DENIALS = {
  credentials_missing: {
    status: 401,
    title: 'Authentication required',
    detail: 'Send an API token as a bearer token or in x-api-key, or log in with a browser.',
  },
  credentials_ambiguous: {
    status: 400,
    title: 'More than one credential',
    detail: 'Send exactly one credential: one Authorization header or one x-api-key, not two different ones.',
    challengeError: 'invalid_request',
  },
  credentials_malformed: {
    status: 401,
    title: 'Unreadable credential',
    detail: 'The Authorization header is not of the form "Bearer <token>".',
    challengeError: 'invalid_token',
    isGuess: true,
  },
  token_in_query: {
    status: 400,
    title: 'Credential in the URL',
    detail: 'Credentials in the query string end up in logs. Send them in a header.',
    challengeError: 'invalid_request',
  },
  token_malformed: {
    status: 401,
    title: 'Invalid token',
    detail: 'The token is not a well-formed token of this service.',
    challengeError: 'invalid_token',
    isGuess: true,
  },
  token_invalid: {
    status: 401,
    title: 'Invalid token',
    detail: 'The token was not issued by this service, or not for it.',
    challengeError: 'invalid_token',
    isGuess: true,
  },
  token_expired: {
    status: 401,
    title: 'Token expired',
    detail: 'The token has expired. Get a new one.',
    challengeError: 'invalid_token',
  },
  token_revoked: {
    status: 401,
    title: 'Token revoked',
    detail: 'The token has been revoked.',
    challengeError: 'invalid_token',
  },
  issued_before_loss: {
    status: 401,
    title: 'Records lost',
    detail:
      'The service lost records after this was issued, its revocation perhaps among them. Log in or get a new one.',
    challengeError: 'invalid_token',
  },
  grant_invalid: {
    status: 400,
    title: 'Invalid grant',
    detail: 'The grant is unknown, expired, revoked, spent, or of another client.',
    oauthError: 'invalid_grant',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    detail: 'This was done too often from this address, or by this account. Wait, then try again.',
    oauthError: 'temporarily_unavailable',
  },
  session_invalid: {
    status: 401,
    title: 'Session ended',
    detail: 'The session has expired or was ended. Log in again.',
    isGuess: true,
  },
  login_stale: {
    status: 401,
    title: 'Login too long ago',
    detail: 'The owner of this credential has to log in again with a browser first.',
    challengeError: 'invalid_token',
    oauthError: 'invalid_grant',
  },
  account_banned: {
    status: 403,
    title: 'Account banned',
    detail: 'This account is banned. Ask an administrator.',
    oauthError: 'invalid_grant',
  },
  relogin_delayed: {
    status: 403,
    title: 'Login delayed',
    detail: 'An administrator logged this account out. It may log in again later.',
  },
  role_insufficient: {
    status: 403,
    title: 'Not allowed',
    detail: 'The account does not have the role that this needs.',
  },
  group_insufficient: {
    status: 403,
    title: 'Group missing',
    detail: 'The session is of nobody in the group that this needs. Tokens and API keys carry no groups.',
  },
  account_not_listed: {
    status: 403,
    title: 'Not listed',
    detail: 'The account is not one of those that this is for.',
  },
  original_request_unknown: {
    status: 403,
    title: 'Original request unknown',
    detail: 'The proxy in front of this service does not tell the method of the request that it asks about.',
  },
  credential_kind_refused: {
    status: 403,
    title: 'Not with this credential',
    detail: 'This needs a credential that the gate issued to an account: a session, a token or an API key.',
  },
  scope_insufficient: {
    status: 403,
    title: 'Scope missing',
    detail: 'The token does not carry the scope that this needs.',
    challengeError: 'insufficient_scope',
    oauthError: 'invalid_scope',
  },
  target_invalid: {
    status: 400,
    title: 'Ambiguous request target',
    detail: 'The path must be in canonical form: no dot segments, no empty segments, no encoded separators.',
  },
  version_refused: {
    status: 505,
    title: 'HTTP version not supported',
    detail: 'Send HTTP/1.1, or HTTP/1.0.',
    endsConnection: true,
  },
  host_invalid: {
    status: 400,
    title: 'Invalid Host',
    detail: 'Send one Host header with a valid value.',
    endsConnection: true,
  },
  framing_ambiguous: {
    status: 400,
    title: 'Ambiguous body length',
    detail: 'Send either Content-Length or Transfer-Encoding, once.',
    endsConnection: true,
  },
  transfer_coding_refused: {
    status: 501,
    title: 'Transfer coding refused',
    detail: 'The only transfer coding understood here is chunked.',
    endsConnection: true,
  },
  cross_site_request: {
    status: 403,
    title: 'Cross-site request',
    detail: 'A browser session may change things only from pages of this origin.',
  },
  login_refused: {
    status: 403,
    title: 'Login refused',
    detail: 'The login could not be completed. Start again.',
  },
  email_missing: {
    status: 401,
    title: 'Token names no e-mail',
    detail: 'The token names no e-mail address.',
    challengeError: 'invalid_token',
  },
  login_email_missing: {
    status: 403,
    title: 'No e-mail address',
    detail:
      "The identity provider named no e-mail address for this account. Tell your administrator: the gateway's log says where one was looked for, and what was sent.",
  },
  email_unverified: {
    status: 403,
    title: 'E-mail not verified',
    detail:
      "The identity provider does not say that the e-mail address of this account is verified. Verify it there, or tell your administrator: the gateway's log says what was sent.",
  },
  email_domain_refused: {
    status: 403,
    title: 'E-mail domain not allowed',
    detail: 'Accounts of this e-mail domain may not log in here.',
  },
  input_invalid: {
    status: 400,
    title: 'Invalid input',
    detail: 'The request is not of the form that this route takes.',
  },
  expires_in_invalid: {
    status: 400,
    title: 'Invalid lifetime',
    detail: 'expires_in must be an integer number of seconds within the allowed range.',
  },
  scope_unknown: {
    status: 400,
    title: 'Unknown scope',
    detail: 'At least one of the scopes does not exist.',
    oauthError: 'invalid_scope',
  },
  media_type_refused: {
    status: 415,
    title: 'Unsupported media type',
    detail: 'Send the body as application/json.',
  },
  body_too_slow: {
    status: 408,
    title: 'Body too slow',
    detail: 'The body did not arrive in time.',
  },
  body_too_large: {
    status: 413,
    title: 'Body too large',
    detail: 'The body is larger than this route takes.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    detail: 'There is nothing at this address.',
  },
  renewal_refused: {
    status: 409,
    title: 'No renewal',
    detail: 'A token is renewed in the last fifth of its life, where the service offers it.',
  },
  token_not_found: {
    status: 404,
    title: 'Token not found',
    detail: 'The account has no such token.',
  },
  too_many_tokens: {
    status: 409,
    title: 'Too many tokens',
    detail:
      'The account has as many tokens that work as it may have. Revoke some, or wait until they expire.',
    oauthError: 'temporarily_unavailable',
  },
  idempotency_key_invalid: {
    status: 400,
    title: 'Invalid Idempotency-Key',
    detail:
      'Send one Idempotency-Key of 1 to 255 printable ASCII characters, without blanks, commas or quotes unless it is quoted.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'Idempotency-Key used before',
    detail:
      'Another request was sent with this Idempotency-Key. Make a new key for each credential that is wanted.',
  },
  idempotent_result_gone: {
    status: 409,
    title: 'Created before, and gone',
    detail:
      'What this request created has ended, or can be shown no more. To create another, send a new Idempotency-Key.',
  },
  session_not_found: {
    status: 404,
    title: 'Session not found',
    detail: 'There is no such session.',
  },
  not_banned: {
    status: 404,
    title: 'Not banned',
    detail: 'The account is not banned.',
  },
  own_account: {
    status: 409,
    title: 'Own account',
    detail: 'Nobody can do this to their own account.',
  },
  audit_broken: {
    status: 409,
    title: 'Audit log not intact',
    detail: 'The oldest entries of the audit log were changed. None was cut off; verify the log.',
  },
  last_super_admin: {
    status: 409,
    title: 'Last super admin',
    detail: 'At least one super admin must stay able to work.',
  },
  super_admin_protected: {
    status: 403,
    title: 'Super admin',
    detail: 'Only a super admin can do this to a super admin.',
  },
  login_unavailable: {
    status: 404,
    title: 'No login here',
    detail: 'This gate has no identity provider. Use an API token.',
  },
  method_refused: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This method is not accepted here.',
  },
} as const satisfies Record<string, DenialText>

export type DenialCode = keyof typeof DENIALS
