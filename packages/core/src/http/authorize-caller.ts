import { identify } from '../authentication/authenticate.js'
import { kindOf } from '../authentication/credential-kind.js'
import type { Credential, Identity } from '../authentication/identity.js'
import { isAtLeast, type LeastRole, mayMakeRequest } from '../authorization/roles.js'
import type { GateContext } from '../context/context.js'
import { type Denial, denial } from '../errors/denial.js'
import type { Outcome } from '../errors/outcome.js'
import type { AccountAccess } from '../plugin/route.js'
import { mayActOnSession } from '../request/same-origin.js'
import type { RequestView } from '../request/view.js'

/** What a kind of access asks for. */
interface Demand {
  /** Default: any. */
  readonly kinds?: readonly Credential['kind'][]
  /** Only kinds that stand for the account itself. */
  readonly isOfAccount?: boolean
  /** Default: any. */
  readonly role?: LeastRole
  /** Default: what a call to the API behind the gate needs. Null: none. */
  readonly scope?: string | null
}

const DEMANDS: Readonly<Record<AccountAccess, Demand>> = {
  identified: {},
  person: { kinds: ['session'] },
  bearer: { kinds: ['token'], scope: null },
  // A trusted issuer vouches for a caller, not for what the gate may issue to the account of that name.
  account: { isOfAccount: true, scope: 'tokens:write' },
  admin: { role: 'admin', scope: 'admin' },
  super_admin: { role: 'super_admin', scope: 'admin' },
}

/** Who may call, or why not, with whoever was identified all the same. */
export type AdmittedCaller = Outcome<Identity> & { readonly refused?: Identity }

/** Who calls a route, if the route is open to them. */
export async function admitCaller(
  context: GateContext,
  view: RequestView,
  access: AccountAccess,
): Promise<AdmittedCaller> {
  const identified = await identify(context, view)
  if (!identified.ok) return identified
  const refusal = refuseCaller(context, identified.value, view, access)
  return refusal ? { ok: false, denial: refusal, refused: identified.value } : identified
}

function refuseCaller(
  context: GateContext,
  identity: Identity,
  view: RequestView,
  access: AccountAccess,
): Denial | undefined {
  const { role, scopes, credential } = identity
  const { kinds, isOfAccount = false, role: least, scope = context.options.requiredScope } = DEMANDS[access]
  if (kinds && !kinds.includes(credential.kind)) return denial('credential_kind_refused')
  if (isOfAccount && !standsForAccount(context, identity)) return denial('credential_kind_refused')
  if (least && !isAtLeast(role, least)) return denial('role_insufficient')
  if (!mayMakeRequest(role, view)) return denial('role_insufficient')
  if (scope !== null && !scopes.includes(scope)) return denial('scope_insufficient', { scope })
  if (credential.isSentByBrowsers && !mayActOnSession(view, context.options.publicUrl))
    return denial('cross_site_request')
  return undefined
}

function standsForAccount(context: GateContext, identity: Identity): boolean {
  const kind = kindOf(context, identity)
  return kind !== undefined && !kind.isOfOperator && (kind.isOfAccount ?? false)
}
