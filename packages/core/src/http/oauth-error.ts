import type { Denial, DenialCode } from '../decision.js'
import { json } from './answer.js'

/** RFC 6749 §5.2, RFC 8628 §3.5, RFC 7009 §2.2.1. */
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
