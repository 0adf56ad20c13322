import type { Millis } from '../store/store.js'
import type { Identity } from './identity.js'

/** What the judge has to know of anything that was issued: a credential, a refresh token, a code, an approval. */
export interface Issued {
  /** Where the standing of its account is. */
  readonly partition: string
  /** Undefined where neither the record nor what was presented tells. */
  readonly issuedAt: Millis | undefined
  /** No record of it is left. */
  readonly isAbsent?: boolean
  /** It was taken back by itself. */
  readonly isEnded?: boolean
  /** The generations of the account under which it was issued, as far as it ends with them. */
  readonly sessionGeneration?: number
  readonly tokenGeneration?: number
  /** Issued by somebody else, under no generation: dead when it was issued at or before `foreignNotBefore`. */
  readonly isExternal?: boolean
  /** It works only for `requireFreshLoginSeconds` after a login of its account. */
  readonly needsFreshLogin?: boolean
  /** The family of refresh tokens that a token was bought with, which can be ended without it. */
  readonly family?: string
}

/** What is remembered of whoever was let in. */
interface Remembered {
  readonly issued: Issued
  /** Until when it was good when it was last looked at, where that can change. */
  readonly expiresAt?: Millis
}

const known = new WeakMap<Identity, Remembered>()

/** Keeps it beside the identity, for as long as that lives; a copy of the identity does not have it. */
export function noteIssued(identity: Identity, issued: Issued): Identity {
  known.set(identity, { issued })
  return identity
}

/** What was judged of it as it was let in. Undefined for an identity that the gate has not made. */
export function issuedOf(identity: Identity): Issued | undefined {
  return known.get(identity)?.issued
}

/** Remembers that a session was extended, or an API key given an end, while something of it runs. */
export function noteDeadline(identity: Identity, expiresAt: Millis): void {
  const remembered = known.get(identity)
  if (remembered) known.set(identity, { ...remembered, expiresAt })
}

/** Until when the credential is good, as it was last seen. */
export function deadlineOf(identity: Identity): Millis {
  return known.get(identity)?.expiresAt ?? identity.credential.expiresAt
}
