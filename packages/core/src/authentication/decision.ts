import type { Denial } from '../errors/denials.js'
import type { Identity } from './identity.js'

export type Decision =
  | { readonly outcome: 'allow'; readonly identity: Identity }
  /** A browser navigation without a session: send it to `location`, which leads back afterwards. */
  | { readonly outcome: 'login'; readonly location: string }
  | { readonly outcome: 'deny'; readonly denial: Denial }
