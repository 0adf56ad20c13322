import type { Identity } from '../authentication/identity.js'
import type { Issued } from '../authentication/judge.js'
import { issuedOf } from '../authentication/judge.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { readStoredStanding } from '../standing/standing.js'
import { count, hasShape, instant, text } from '../store/collection.js'
import type { Millis } from '../store/store.js'

/**
 * That a person lets a program act for them. It is worth nothing any more once the session in which it was given has
 * ended with all others, or everything that programs hold was revoked.
 */
export interface Approval {
  readonly account: string
  readonly approvedAt: Millis
  readonly sessionGeneration: number
  readonly tokenGeneration: number
}

export const isApproval = hasShape<Approval>({
  account: text,
  approvedAt: instant,
  sessionGeneration: count,
  tokenGeneration: count,
})

/**
 * Approves for whoever is at the browser. The generation is that of the session itself, not of the account by now: a
 * session that was ended a moment ago approves nothing that counts. Refused with `session_invalid`.
 */
export async function approvalBy(context: GateContext, identity: Identity): Promise<Outcome<Approval>> {
  const session = issuedOf(identity)
  if (session?.sessionGeneration === undefined) return refused('session_invalid')
  const { tokenGeneration } = await readStoredStanding(context, identity.partition)
  return done({
    account: identity.accountId,
    approvedAt: context.clock(),
    sessionGeneration: session.sessionGeneration,
    tokenGeneration,
  })
}

export function issuedByApproval(context: GateContext, approval: Approval): Issued {
  const { account, approvedAt, sessionGeneration, tokenGeneration } = approval
  return {
    partition: context.partitionOf(account),
    issuedAt: approvedAt,
    sessionGeneration,
    tokenGeneration,
    needsFreshLogin: true,
  }
}
