import { type Denial, denial } from '../errors/denial.js'
import type { PluginContext } from '../plugin/context.js'
import type { RequestView } from '../request/view.js'

/**
 * Lets in whoever presents the directory's own secret, and nobody else, whatever they may do elsewhere. Refused with
 * `credentials_missing`, `credentials_ambiguous`, `credentials_malformed` or `token_invalid`.
 */
export function refuseUnlessDirectory(
  { bearerOf }: Pick<PluginContext, 'bearerOf'>,
  isSecret: (candidate: string) => boolean,
  view: RequestView,
): Denial | undefined {
  const presented = bearerOf(view)
  if (!presented.ok) return presented.denial
  return isSecret(presented.value) ? undefined : denial('token_invalid')
}
