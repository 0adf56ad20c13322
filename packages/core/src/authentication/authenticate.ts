import { mayMakeRequest } from '../authorization/roles.js'
import type { Deps } from '../context/context.js'
import { type Denial, type DenialCode, denial } from '../errors/denials.js'
import { limitGuess } from '../rate-limit/limit-guess.js'
import { refuseHead } from '../request/refuse-head.js'
import { isNavigation, mayActOnSession } from '../request/same-origin.js'
import type { RequestView } from '../request/view.js'
import type { Decision } from './decision.js'
import { identify } from './identify.js'

/** What login can cure. */
const CURED_BY_LOGIN: ReadonlySet<string> = new Set<DenialCode>([
  'credentials_missing',
  'session_invalid',
  'issued_before_loss',
])

/**
 * Decides whether a request may come in, by its head alone. Answers `allow`, `login` for a browser that could log in,
 * or `deny`. Rejects with `store_unavailable` when the store cannot say: answer 503, never 401 and never the request.
 */
export async function authenticate(deps: Deps, view: RequestView): Promise<Decision> {
  const malformed = refuseHead(view)
  if (malformed) return { outcome: 'deny', denial: malformed }
  const identified = await identify(deps, view)
  if (!identified.ok) return sendToLoginOr(deps, view, identified.denial)
  const identity = identified.value
  if (identity.credential.isSentByBrowsers && !mayActOnSession(view, deps.options.publicUrl))
    return { outcome: 'deny', denial: denial('cross_site_request') }
  if (!mayMakeRequest(identity.role, view)) return { outcome: 'deny', denial: denial('role_insufficient') }
  const scope = deps.options.requiredScope
  if (!identity.scopes.includes(scope))
    return { outcome: 'deny', denial: denial('scope_insufficient', { scope }) }
  return { outcome: 'allow', identity }
}

/** Sends a browser to log in where that would help, and refuses everybody else; what they guessed counts. */
export function sendToLoginOr(deps: Deps, view: RequestView, refusal: Denial): Decision {
  if (!deps.options.identityProvider || !CURED_BY_LOGIN.has(refusal.code) || !isNavigation(view))
    return { outcome: 'deny', denial: limitGuess(deps, view, refusal) }
  return { outcome: 'login', location: `/oauth2/start?rd=${encodeURIComponent(view.target)}` }
}
