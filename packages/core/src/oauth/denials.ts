import { denialsOf } from '../errors/denial.js'
import type { DenialText } from '../errors/denials.js'
import type { Outcome } from '../errors/outcome.js'

export const OAUTH_DENIALS = {
  client_invalid: {
    status: 401,
    title: 'Invalid client',
    detail: 'The client is unknown, or its secret is wrong.',
    oauthError: 'invalid_client',
  },
  redirect_uri_refused: {
    status: 400,
    title: 'Redirect URI refused',
    detail: 'The redirect URI is not one of this client.',
  },
} as const satisfies Record<string, DenialText>

export const oauthDenial = denialsOf(OAUTH_DENIALS)

export function refusedClient(): Outcome<never> {
  return { ok: false, denial: oauthDenial('client_invalid') }
}
