import { pickCredential } from '../authentication/pick-credential.js'
import type { Deps } from '../context/context.js'
import { type Denial, denial } from '../errors/denials.js'
import type { RequestView } from '../request/view.js'
import { cookieNames } from '../sessions/cookie.js'

/**
 * Lets in whoever presents the directory's own secret, and nobody else, whatever they may do elsewhere. Refused with
 * `not_found` while SCIM is off, `credentials_missing`, `credentials_ambiguous`, `credentials_malformed` or `token_invalid`.
 */
export function refuseUnlessDirectory(deps: Deps, view: RequestView): Denial | undefined {
  const { scim, secure } = deps.options
  if (!scim) return denial('not_found')
  const credential = pickCredential(view, cookieNames(secure).session)
  if (credential.kind === 'refused') return credential.denial
  if (credential.kind !== 'bearer') return denial('credentials_missing')
  return scim.isSecret(credential.token) ? undefined : denial('token_invalid')
}
