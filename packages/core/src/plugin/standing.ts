import { type FateCodes, type Issued, refuseBanned, refuseIssued } from '../authentication/judge.js'
import type { GateContext } from '../context/context.js'
import type { Denial } from '../errors/denial.js'
import type { Standing } from '../standing/standing.js'
import type { Generations } from './issue.js'

/** How an account stands at one moment, and what the judge says by it. */
export interface StandingOfAccount extends Generations {
  /** Why nothing new may be issued to the account: `account_banned`. */
  refuseNew(): Denial | undefined
  /**
   * Why something that was issued to the account does not work now: `account_banned`, one of `codes`, or at last
   * `login_stale`. The judge's answer, as for a credential: ask it for what a plugin hands out by records of its own. Read
   * the records before, or together with the standing.
   */
  refuse(issued: Omit<Issued, 'partition'>, codes: FateCodes): Denial | undefined
}

export function standingOfAccount(
  gate: GateContext,
  partition: string,
  standing: Standing,
): StandingOfAccount {
  return {
    tokenGeneration: standing.tokenGeneration,
    sessionGeneration: standing.sessionGeneration,
    refuseNew: () => refuseBanned(gate, standing),
    refuse: (issued, codes) => refuseIssued(gate, standing, { ...issued, partition }, codes),
  }
}
