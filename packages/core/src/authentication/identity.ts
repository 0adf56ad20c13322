import type { Identity } from '../decision.js'

/**
 * An identity that no handler can change: what it holds may be shared with a cache, and so with the next request. Called
 * on every request, so it freezes only what is there; `claims` are frozen to the bottom where they are made.
 */
export function frozenIdentity(identity: Identity): Identity {
  Object.freeze(identity.groups)
  Object.freeze(identity.scopes)
  Object.freeze(identity.credential)
  return Object.freeze(identity)
}
