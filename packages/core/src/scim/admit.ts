import { pickCredential } from '../authentication/authenticate.js'
import type { GateContext } from '../context/context.js'
import { type Denial, denial } from '../errors/denials.js'
import type { RequestView } from '../request/view.js'

/**
 * Lets in whoever presents the directory's own secret, and nobody else, whatever they may do elsewhere. Refused with
 * `credentials_missing`, `credentials_ambiguous`, `credentials_malformed` or `token_invalid`.
 */
export function refuseUnlessDirectory(
  { credentialKinds }: GateContext,
  isSecret: (candidate: string) => boolean,
  view: RequestView,
): Denial | undefined {
  const picked = pickCredential(view, credentialKinds)
  if (picked.by === 'refused') return picked.denial
  if (picked.by !== 'bearer') return denial('credentials_missing')
  return isSecret(picked.credential) ? undefined : denial('token_invalid')
}
