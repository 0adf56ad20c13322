import type { Deps } from '../context/context.js'
import type { Denial, DenialCode } from '../errors/denials.js'
import type { RequestView } from '../request/view.js'

/**
 * Denials of what may be a guess. What was proven to be genuine, as an expired token or the token of a banned account,
 * is none.
 */
const GUESSES: ReadonlySet<string> = new Set<DenialCode>([
  'credentials_malformed',
  'token_malformed',
  'token_invalid',
  'session_invalid',
])

/**
 * Counts a credential that proved nothing against the address that sent it. Answers the denial, or `rate_limited` in
 * its place. Only after a credential has failed: one that is valid is never refused for what others have tried.
 */
export function limitGuess(deps: Deps, view: RequestView, refusal: Denial): Denial {
  if (!GUESSES.has(refusal.code) && !isGuessOfKind(deps, refusal)) return refusal
  return deps.rateLimits.refuseAddress('guesses', deps.addressOf(view)) ?? refusal
}

/** What only its record proves was tried, and is none. */
function isGuessOfKind({ credentialKinds }: Deps, { code }: Denial): boolean {
  return credentialKinds.some((kind) => !kind.isOfOperator && kind.open && kind.denials.absent === code)
}
