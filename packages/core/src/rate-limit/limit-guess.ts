import type { GateContext } from '../context/context.js'
import type { Denial } from '../errors/denial.js'
import { DENIALS, type DenialText } from '../errors/denials.js'
import type { RequestView } from '../request/view.js'

/**
 * The refusal of a credential, or of another secret, that was to be proven and was not: as core's own codes say, and for
 * codes of plugins a guess unless they say otherwise. Throws a `TypeError` for a code that nobody has declared.
 */
export function unproven(texts: Readonly<Record<string, DenialText>>, refusal: Denial): Denial {
  if (Object.hasOwn(DENIALS, refusal.code)) return refusal
  if (!Object.hasOwn(texts, refusal.code))
    throw new TypeError(`not a code that a plugin has declared: ${refusal.code}`)
  return refusal.isGuess === undefined ? { ...refusal, isGuess: true } : refusal
}

/**
 * Counts a credential that proved nothing against the address that sent it. Answers the denial, or `rate_limited` in
 * its place. Only after a credential has failed: one that is valid is never refused for what others have tried, nor is one
 * that was proven to be genuine, as an expired token or the token of a banned account.
 */
export function limitGuess(context: GateContext, view: RequestView, refusal: Denial): Denial {
  if (!refusal.isGuess) return refusal
  return context.rateLimits.refuseAddress('guesses', context.addressOf(view)) ?? refusal
}
