import { RETRY_WINDOW_SECONDS } from '../../context/limits.js'
import type { Denial } from '../../errors/denial.js'
import type { OAuthErrorCode } from '../../errors/denials.js'
import type { Problem } from '../../errors/problem.js'
import { json } from './answer.js'

export function oauthError(
  error: OAuthErrorCode,
  description: string,
  status = 400,
  headers: Record<string, string> = {},
): Response {
  const challenge = status === 401 ? { 'www-authenticate': 'Basic realm="portcullis"' } : {}
  return json({ error, error_description: description }, status, {
    pragma: 'no-cache',
    ...challenge,
    ...headers,
  })
}

/** What is about the request as such keeps its status, as does a client that failed to prove itself. */
const KEPT = new Set([408, 413, 415, 429, 503])

export function oauthRefusal(
  { oauthError: own = 'invalid_request', detail, status, retryAfterSeconds }: Denial,
  error: OAuthErrorCode = own,
): Response {
  const isKept = own === 'invalid_client' || KEPT.has(status)
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  return oauthError(error, detail, isKept ? status : 400, headers)
}

/** The `error` of an answer of ours, which can still be sent; undefined of anything else. */
export async function oauthErrorOf(response: Response): Promise<string | undefined> {
  if (response.headers.get('content-type') !== 'application/json') return undefined
  const { error } = (await response.clone().json()) as { error?: unknown }
  return typeof error === 'string' ? error : undefined
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
