import { MALFUNCTIONS } from '../errors/malfunctions.js'
import type { Problem } from '../errors/problem.js'
import type { Gate } from '../gate/gate.js'
import type { Admissions } from './admission/admissions.js'
import type { ResolvedForwardOptions } from './options.js'
import type { Recheck } from './recheck.js'

/** What forwarding takes from the gate that lets people in: who may stay, how errors look, and where events go. */
export type ForwardingGate = Pick<
  Gate,
  'stillAllowed' | 'problems' | 'report' | 'publicUrl' | 'clock' | 'admissions' | 'credentialHeaders'
>

/** What requests and upgrades of one forwarder have in common. */
export interface Forwarding {
  readonly gate: ForwardingGate
  readonly settings: ResolvedForwardOptions
  readonly admissions: Admissions
  readonly recheck: Recheck | undefined
}

export const CLOSED: Problem = { code: 'upstream_unavailable', ...MALFUNCTIONS.upstream_unavailable }
