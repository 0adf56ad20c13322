import type { RecentUses } from '../activity/touch.js'
import { identifyByApiKey } from '../api-keys/identify.js'
import { isApiKey } from '../api-keys/key.js'
import type { Deps } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { identifyByExternalToken } from '../external-tokens/identify.js'
import type { RequestView } from '../request/view.js'
import { cookieNames } from '../sessions/cookie.js'
import { identifyBySession } from '../sessions/identify.js'
import { identifyByToken } from '../tokens/identify.js'
import type { Identity } from './identity.js'
import { pickCredential } from './pick-credential.js'

/**
 * Who makes this request, by the one credential that it presents, judged against the account's standing as it is now.
 * Rejects with `store_unavailable` when the standing cannot be read: no answer is ever guessed.
 */
export async function identify(
  deps: Deps,
  recent: RecentUses,
  view: RequestView,
): Promise<Outcome<Identity>> {
  const credential = pickCredential(view, cookieNames(deps.options.secure).session)
  switch (credential.kind) {
    case 'bearer':
      return identifyByBearer(deps, recent, credential.token)
    case 'session':
      return identifyBySession(deps, credential.cookieValue)
    case 'none':
      return refused('credentials_missing')
    case 'refused':
      return { ok: false, denial: credential.denial }
  }
}

/** Who presents a bearer credential of any kind. */
export async function identifyByBearer(
  deps: Deps,
  recent: RecentUses,
  credential: string,
): Promise<Outcome<Identity>> {
  if (isApiKey(credential)) return identifyByApiKey(deps, recent, credential)
  if (deps.proofs.get(credential)) return identifyByToken(deps, recent, credential)
  const operator = deps.masterKey?.identify(credential)
  if (operator) return done(operator)
  const issuer = deps.trustedIssuers.claimedBy(credential)
  return issuer
    ? identifyByExternalToken(deps, issuer, credential)
    : identifyByToken(deps, recent, credential)
}
