import type { Decision } from '../../authentication/authenticate.js'
import type { Identity } from '../../authentication/identity.js'
import { isAtLeast } from '../../authorization/roles.js'
import { type Denial, denial } from '../../errors/denial.js'
import type { Gate } from '../../gate/gate.js'
import type { RequestView } from '../../request/view.js'
import { type Need, requireNeed } from './check-server.js'
import { type Answer, answerUnread, decide, decideBy, type NodeRequest, pathOf } from './node.js'

/**
 * Why somebody may not do what needs a role, a scope or a group; undefined when they may. `credentials_missing` for nobody
 * (RFC 6750 §3.1: no error code when no credential was sent), then `role_insufficient`, then `scope_insufficient` with
 * the scope for the challenge, then `group_insufficient`. Throws `configuration_invalid` for a need that nobody can know
 * the meaning of: an unknown member, a role that there is not, a member that is undefined.
 */
export function refusalUnless(identity: Identity | undefined, need: Need): Denial | undefined {
  requireNeed(need)
  const { role, scope, group } = need
  if (!identity) return denial('credentials_missing')
  if (role !== undefined && !isAtLeast(identity.role, role)) return denial('role_insufficient')
  if (scope !== undefined && !identity.scopes.includes(scope)) return denial('scope_insufficient', { scope })
  if (group !== undefined && !identity.groups.includes(group)) return denial('group_insufficient')
  return undefined
}

/**
 * A guard of one route. `identity` is whom a gate before it let in; without one the gate decides here, so that a guard
 * also stands alone, and sends a browser to log in.
 */
export async function decideFor(
  gate: Gate,
  req: NodeRequest,
  identity: Identity | undefined | null,
  need: Need,
): Promise<Answer> {
  const answer = identity ?? (await decide(gate, req))
  if (answer instanceof Response) return answer
  const refusal = refusalUnless(answer, need)
  return refusal ? answerUnread(gate.refuse(refusal, pathOf(req, gate.publicUrl)), req) : answer
}

/**
 * As `decide`, but whoever sends no credential at all goes on as nobody: undefined. A credential that is no good is
 * refused, or sent to log in, as ever: who means to be somebody should learn that they are not.
 */
export function decideIfSent(gate: Gate, req: NodeRequest): Promise<Answer | undefined> {
  return decideBy<undefined>(gate, req, async (view) => {
    const decision = await gate.authenticate(view)
    return (await isForNobody(gate, view, decision)) ? undefined : decision
  })
}

/** A login is offered with and without a session that has ended; a program learns which of the two it is. */
async function isForNobody(gate: Gate, view: RequestView, decision: Decision): Promise<boolean> {
  const plain = decision.outcome === 'login' ? await gate.authenticate(asProgram(view)) : decision
  return plain.outcome === 'deny' && plain.denial.code === 'credentials_missing'
}

const SIGNS_OF_A_BROWSER = new Set(['accept', 'sec-fetch-mode'])

function asProgram(view: RequestView): RequestView {
  const rawHeaders = view.rawHeaders.filter(
    (_, at, all) => !SIGNS_OF_A_BROWSER.has((all[at - (at % 2)] ?? '').toLowerCase()),
  )
  return { ...view, rawHeaders }
}
