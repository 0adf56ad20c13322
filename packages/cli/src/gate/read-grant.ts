import type { TokenEndpointResponse } from 'oauth4webapi'
import type { Credential } from '../credentials/credential.js'
import { Failure } from '../failure.js'
import type { Millis } from '../world.js'

/** RFC 6749 appendix A.12, without the space: what can stand in a header, and in one line. */
const TOKEN = /^[\x21-\x7e]{1,16384}$/

/** What the gate granted. Counted from when it was asked: a token is never believed to live longer than it does. */
export function readGrant(
  gate: string,
  answer: TokenEndpointResponse,
  { askedAt, previous }: { askedAt: Millis; previous?: Credential },
): Credential {
  // RFC 6749 §6: without a new one, the refresh token stays what it was.
  const refreshToken = answer.refresh_token ?? previous?.refreshToken
  if (!TOKEN.test(answer.access_token) || refreshToken === undefined || !TOKEN.test(refreshToken))
    throw new Failure(`${gate} gave no tokens that could be used`)
  if (answer.expires_in === undefined) throw new Failure(`${gate} does not say how long its token lives`)
  return {
    accessToken: answer.access_token,
    refreshToken,
    expiresAt: askedAt + answer.expires_in * 1000,
    scope: answer.scope ?? previous?.scope ?? '',
  }
}
