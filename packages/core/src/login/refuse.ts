import { appendAudit } from '../audit/append.js'
import { actorByExchange, auditedAs, type RequestTrace } from '../authorization/actor.js'
import type { DenialCode } from '../decision.js'
import type { Deps } from '../deps.js'
import { type Outcome, refused } from '../outcome.js'
import { isInDirectory } from '../scim/user.js'
import { readStanding } from '../standing/standing.js'

/** Why a login was refused, and to whom as far as the provider said. */
export interface RefusedLogin {
  readonly code: DenialCode
  readonly reason: string
  /** Canonical e-mail. */
  readonly account?: string
  readonly trace: RequestTrace
  readonly cause?: unknown
}

/**
 * Refuses a login. Whoever was refused learns the code alone; whoever runs the gate finds the reason in the log. Audited only
 * where an account is concerned that has records here: what a stranger has done leaves nothing in the store.
 */
export async function refuseLogin(deps: Deps, refusal: RefusedLogin): Promise<Outcome<never>> {
  const { code, reason, account, trace, cause } = refusal
  deps.strangers.report({
    level: 'warn',
    code: 'login_refused',
    detail: `A login of ${account ?? 'nobody that is known'} was refused (${code}): ${reason}`,
    ...(cause === undefined ? {} : { cause }),
  })
  if (account !== undefined && (await isKnown(deps, account)))
    await appendAudit(deps, {
      action: 'session.refused',
      ...auditedAs(actorByExchange(deps, account, 'login', trace)),
      subject: account,
      details: { code, reason },
    })
  return refused(code)
}

/** Whoever has logged in, was banned, or was deprovisioned has a standing. */
async function isKnown(deps: Deps, account: string): Promise<boolean> {
  const { version } = await readStanding(deps, deps.partitionOf(account))
  return version !== null || isInDirectory(deps, account)
}
