import type { Denial, DenialCode } from '../decision.js'
import { RETRY_WINDOW_SECONDS } from '../limits.js'
import type { Problem } from '../problem.js'
import { json } from './answer.js'

/** RFC 6749 §4.1.2.1 and §5.2, RFC 8628 §3.5, RFC 7009 §2.2.1. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'access_denied'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'temporarily_unavailable'
  | 'server_error'

const CODES: Partial<Record<DenialCode, OAuthErrorCode>> = {
  client_invalid: 'invalid_client',
  grant_invalid: 'invalid_grant',
  account_banned: 'invalid_grant',
  login_stale: 'invalid_grant',
  device_denied: 'access_denied',
  scope_unknown: 'invalid_scope',
  scope_insufficient: 'invalid_scope',
}

export function oauthError(error: OAuthErrorCode, description: string, status = 400): Response {
  const headers = status === 401 ? { 'www-authenticate': 'Basic realm="portcullis"' } : {}
  return json({ error, error_description: description }, status, { pragma: 'no-cache', ...headers })
}

export function oauthRefusal({ code, detail, status }: Denial): Response {
  const error = CODES[code] ?? 'invalid_request'
  // Only a client that failed to prove itself is a 401, and only what is too large or of another type keeps its status.
  const kept = code === 'client_invalid' || status === 413 || status === 415
  return oauthError(error, detail, kept ? status : 400)
}

const UNKNOWN_OUTCOME =
  'Whether this was carried out is not known. Send the same request again within ' +
  `${RETRY_WINDOW_SECONDS} seconds: a code or refresh token that it spent gets the same answer.`

/**
 * For what could not be answered. RFC 6749 names such codes for the authorization endpoint alone (§4.1.2.1); a client that
 * does not know them has the status and `Retry-After`.
 */
export function oauthMalfunction({ status, retryAfterSeconds }: Problem): Response {
  if (status !== 503) return oauthError('server_error', 'The request could not be handled.', status)
  const response = oauthError('temporarily_unavailable', UNKNOWN_OUTCOME, status)
  response.headers.set('retry-after', String(retryAfterSeconds ?? 1))
  return response
}
