import { pickCredential } from '../authentication/pick-credential.js'
import type { Deps } from '../context/context.js'
import { type Denial, denial } from '../errors/denials.js'
import type { RequestView } from '../request/view.js'

/**
 * Lets in whoever presents the directory's own secret, and nobody else, whatever they may do elsewhere. Refused with
 * `not_found` while SCIM is off, `credentials_missing`, `credentials_ambiguous`, `credentials_malformed` or `token_invalid`.
 */
export function refuseUnlessDirectory(deps: Deps, view: RequestView): Denial | undefined {
  const { scim } = deps.options
  if (!scim) return denial('not_found')
  const picked = pickCredential(view, deps.credentialKinds)
  if (picked.by === 'refused') return picked.denial
  if (picked.by !== 'bearer') return denial('credentials_missing')
  return scim.isSecret(picked.credential) ? undefined : denial('token_invalid')
}
