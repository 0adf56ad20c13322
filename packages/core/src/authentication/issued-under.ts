import type { Millis } from '../store/store.js'
import type { Identity } from './identity.js'

/** What the judge has to know of whoever was let in, and nobody else: what the record of the credential said. */
export interface IssuedUnder {
  readonly issuedAt: Millis
  readonly sessionGeneration?: number
  readonly tokenGeneration?: number
  /** Until when a session or API key was good when it was last looked at: both may change. */
  readonly expiresAt?: Millis
  /** The family of refresh tokens that a token was bought with. */
  readonly family?: string
}

const known = new WeakMap<Identity, IssuedUnder>()

/** Keeps it beside the identity, for as long as that lives; a copy of the identity does not have it. */
export function noteIssuedUnder(identity: Identity, under: IssuedUnder): Identity {
  known.set(identity, under)
  return identity
}

/** Undefined for an identity that the gate has not made. */
export function issuedUnder(identity: Identity): IssuedUnder | undefined {
  return known.get(identity)
}

/** Remembers that a session was extended, or an API key given an end, while something of it runs. */
export function noteDeadline(identity: Identity, expiresAt: Millis): void {
  const under = known.get(identity)
  if (under) known.set(identity, { ...under, expiresAt })
}
