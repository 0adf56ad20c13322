import { appendAudit } from '../audit/append.js'
import { actorByExchange, auditedAs, type RequestTrace } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import type { GateEvent } from '../context/event.js'
import { boundedText } from '../encoding/text.js'
import type { Denial } from '../errors/denial.js'
import type { DenialCode } from '../errors/denials.js'
import { type Outcome, refused } from '../errors/outcome.js'
import { readStanding } from '../standing/standing.js'

/** Why a login was refused, and to whom as far as the provider said. */
export interface RefusedLogin {
  readonly code: Denial['code']
  readonly reason: string
  /** Canonical e-mail. */
  readonly account?: string
  /** The provider's own id of whoever has no address. */
  readonly subject?: string
  /** Options that decide it, by name. */
  readonly options?: readonly string[]
  /** Whose words the reason is made of, where nobody is known: a flood of the one hides nothing of the other. */
  readonly source?: 'browser' | 'provider'
  readonly trace: RequestTrace
  readonly cause?: unknown
}

/**
 * Refuses a login. Whoever was refused learns the code alone; whoever runs the gate finds the reason in the log: of everybody
 * whom the provider named, and of strangers each reason once a second. Audited only where an account is concerned that has records here:
 * what a stranger has done leaves nothing in the store.
 */
export async function refuseLogin(
  context: GateContext,
  refusal: RefusedLogin & { readonly code: DenialCode },
): Promise<Outcome<never>> {
  await recordRefusal(context, refusal)
  return refused(refusal.code)
}

/** As `refuseLogin`, for what was refused already. */
export async function recordRefusal(context: GateContext, refusal: RefusedLogin): Promise<void> {
  const { code, reason, account, subject, options = [], source = 'browser', trace, cause } = refusal
  const who = account ?? (subject === undefined ? undefined : `the subject ${boundedText(subject, 255)}`)
  const event: GateEvent = {
    level: 'warn',
    code: 'login_refused',
    detail: `A login of ${who ?? 'nobody that is known'} was refused (${code}): ${reason}`,
    ...(options.length === 0 ? {} : { options }),
    ...(cause === undefined ? {} : { cause }),
  }
  if (who === undefined) context.strangers.report(event, source)
  else context.report(event)
  if (account !== undefined && (await isKnown(context, account)))
    await appendAudit(context, {
      action: 'session.refused',
      ...auditedAs(actorByExchange(context, account, 'login', trace)),
      subject: account,
      details: { code, reason },
    })
}

/** Whoever has logged in, was banned, or was deprovisioned has a standing. */
async function isKnown(context: GateContext, account: string): Promise<boolean> {
  const { version } = await readStanding(context, context.partitionOf(account))
  return version !== null || context.loginHooks.knowsAccount(account)
}
